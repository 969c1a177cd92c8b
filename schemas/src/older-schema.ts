/**
 * Events of an older released schema, brought to the current one by Avro's
 * schema resolution (specification 1.12, "Schema Resolution"), which is avsc's.
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

/**
 * A map as a JavaScript Map, in the order of the bytes. (avsc's own uses an
 * object, which drops the key `__proto__` and moves integer-like keys.)
 */
class OrderedMapType extends avro.types.MapType {
  _read(tap: Tap): Map<string, unknown> {
    // In a resolver `valuesType` is the resolver of the values.
    const values = this.valuesType as unknown as ValuesType;
    const entries = new Map<string, unknown>();
    for (let count = tap.readLong(); count > 0; count = tap.readLong())
      for (let i = 0; i < count; i++) entries.set(tap.readString(), values._read(tap));
    return entries;
  }

  _write(tap: Tap, entries: Map<string, unknown>): void {
    const values = this.valuesType as unknown as ValuesType;
    if (entries.size > 0) tap.writeLong(entries.size);
    for (const [key, value] of entries) {
      tap.writeString(key);
      values._write(tap, value);
    }
    tap.writeLong(0);
  }
}

function orderedType(text: string): avro.Type {
  return avro.Type.forSchema(JSON.parse(text), {
    typeHook: (schema, options) =>
      typeof schema === 'object' && 'type' in schema && schema.type === 'map'
        ? new OrderedMapType(schema, options)
        : undefined,
  });
}

/**
 * @param from text of the older schema
 * @param to text of the current one
 * @returns a function from canonical Avro of the one to canonical Avro of the other
 * @throws Error when values of `from` cannot be read as `to`
 */
export function compileUpgrade(from: string, to: string): (body: Buffer) => Buffer {
  const reader = orderedType(to);
  const resolver = reader.createResolver(orderedType(from));
  return (body) => reader.toBuffer(reader.fromBuffer(body, resolver));
}
