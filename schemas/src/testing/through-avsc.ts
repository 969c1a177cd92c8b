/**
 * Bytes through avsc, an independent reader and writer of Avro, to hold ours
 * against. Two of its types are replaced, for they lose what bytes say: its
 * maps drop `__proto__` and move integer-like keys, its longs beyond −2^52
 * lose their sign.
 */

import avro from 'avsc';

/** What avsc's types read from and write to; not in its declarations. */
interface Tap {
  readLong(): number;
  writeLong(value: number): void;
  readString(): string;
  writeString(value: string): void;
}

interface ValuesType {
  _read(tap: Tap): unknown;
  _write(tap: Tap, value: unknown): void;
}

type Entries = Map<string, unknown> | Record<string, never>;

/** A map as a JavaScript Map, in the order of the bytes. */
class OrderedMapType extends avro.types.MapType {
  _read(tap: Tap): Map<string, unknown> {
    // In a resolver `valuesType` is the resolver of the values.
    const values = this.valuesType as unknown as ValuesType;
    const entries = new Map<string, unknown>();
    for (let count = tap.readLong(); count > 0; count = tap.readLong())
      for (let i = 0; i < count; i++) entries.set(tap.readString(), values._read(tap));
    return entries;
  }

  /** @param entries a Map, or the {} that avsc has for the default of a field */
  _write(tap: Tap, entries: Entries): void {
    const values = this.valuesType as unknown as ValuesType;
    const list = entries instanceof Map ? [...entries] : [];
    if (list.length > 0) tap.writeLong(list.length);
    for (const [key, value] of list) {
      tap.writeString(key);
      values._write(tap, value);
    }
    tap.writeLong(0);
  }
}

const EXACT_LONG = avro.types.LongType.__with({
  fromBuffer: (buf: Buffer) => buf.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buf = Buffer.alloc(8);
    buf.writeBigInt64LE(value);
    return buf;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

/** The avsc type of a schema's text. */
export function avscType(text: string): avro.Type {
  return avro.Type.forSchema(JSON.parse(text), {
    typeHook: (schema, options) => {
      if (schema === 'long') return EXACT_LONG;
      if (typeof schema !== 'object' || !('type' in schema)) return undefined;
      if (schema.type === 'long') return EXACT_LONG;
      return schema.type === 'map' ? new OrderedMapType(schema, options) : undefined;
    },
  });
}

/** @returns a function from Avro of one schema to Avro of another, as avsc resolves and writes it */
export function throughAvsc(from: string, to: string): (body: Buffer) => Buffer {
  const reader = avscType(to);
  const resolver = reader.createResolver(avscType(from));
  return (body) => reader.toBuffer(reader.fromBuffer(body, resolver));
}
