/**
 * Values of an older released schema, brought to the current one: Avro
 * specification 1.12, "Schema Resolution", for what Authseal's schemas use.
 *
 * Like the canonical re-encoding it works on bytes, so that a map keeps its
 * order and a long all its bits. (avsc's resolver goes through JavaScript
 * objects, and its longs lose their sign beyond −2^52.)
 */

import { compileEndOf } from './canonical.ts';
import { Cursor, readLong } from './cursor.ts';
import { SchemaError } from './error.ts';
import type { Field, Schema } from './schema.ts';
import { parseSchema } from './schema.ts';
import { Sink } from './sink.ts';
import { compileWrite } from './write.ts';

/** Moves past one canonical value of the older schema and writes it as the newer one has it. */
type Resolve = (c: Cursor, out: Sink) => void;

type RecordSchema = Schema & { type: 'record' };

/**
 * @param from text of the older schema
 * @param to text of the newer one
 * @returns a function from canonical Avro of the one, already checked, to canonical Avro of the other
 * @throws SchemaError UNSUPPORTED_SCHEMA when values of `from` cannot be read as `to`
 */
export function compileUpgrade(from: string, to: string): (body: Uint8Array) => Buffer {
  const resolve = compileResolve(parseSchema(from), parseSchema(to));
  return (body) => {
    const out = new Sink(body.length);
    resolve(new Cursor(body), out);
    return out.written();
  };
}

function compileResolve(from: Schema, to: Schema): Resolve {
  if (to.type === 'nullable') return resolveNullable(from, to.of);
  if (from.type === 'record' && to.type === 'record') return resolveRecord(from, to);
  if (from.type === 'enum' && to.type === 'enum') {
    const indexes = from.symbols.map((symbol) => {
      const same = to.symbols.indexOf(symbol);
      return same >= 0 ? same : to.symbols.indexOf(to.default ?? '');
    });
    if (indexes.includes(-1)) throw incompatible(from, to);
    return (c, out) => out.long(indexes[readLong(c)] as number);
  }
  if (from.type === 'array' && to.type === 'array')
    return resolveBlock(compileResolve(from.items, to.items));
  if (from.type === 'map' && to.type === 'map') {
    const key = copyOf({ type: 'string' });
    const value = compileResolve(from.values, to.values);
    return resolveBlock((c, out) => {
      key(c, out);
      value(c, out);
    });
  }
  // An int stands in the same bytes as the long of its number, and a string as the bytes of its text.
  const same = from.type === to.type && sizeOf(from) === sizeOf(to);
  if (same || (from.type === 'int' && to.type === 'long')) return copyOf(from);
  if (from.type === 'string' && to.type === 'bytes') return copyOf(from);
  throw incompatible(from, to);
}

function sizeOf(schema: Schema): number | null {
  return schema.type === 'fixed' ? schema.size : null;
}

function resolveNullable(from: Schema, to: Schema): Resolve {
  if (from.type !== 'nullable') {
    const of = compileResolve(from, to);
    return (c, out) => {
      out.long(1);
      of(c, out);
    };
  }
  const of = compileResolve(from.of, to);
  return (c, out) => {
    const index = readLong(c);
    out.long(index);
    if (index === 1) of(c, out);
  };
}

function resolveBlock(item: Resolve): Resolve {
  return (c, out) => {
    const count = readLong(c);
    out.long(count);
    if (count === 0) return;
    for (let i = 0; i < count; i++) item(c, out);
    out.long(readLong(c)); // the 0 that ends it
  };
}

function resolveRecord(from: RecordSchema, to: RecordSchema): Resolve {
  const readers = from.fields.map((field) => {
    const wanted = to.fields.findIndex(({ name }) => name === field.name);
    const reader = to.fields[wanted];
    const resolve = reader ? compileResolve(field.schema, reader.schema) : copyOf(field.schema);
    return { wanted, resolve };
  });
  const known = new Set(from.fields.map((field) => field.name));
  const defaults = to.fields.map((field) => (known.has(field.name) ? null : defaultOf(field)));

  return (c, out) => {
    const parts: (Buffer | null)[] = defaults.slice();
    for (const { wanted, resolve } of readers) {
      const part = new Sink(64);
      resolve(c, part);
      if (wanted >= 0) parts[wanted] = part.written();
    }
    for (const part of parts) out.bytes(part as Buffer);
  };
}

function defaultOf(field: Field): Buffer {
  const out = new Sink(16);
  compileWrite(field.schema)(field.default, out, [field.name]);
  return out.written();
}

function copyOf(schema: Schema): Resolve {
  const endOf = compileEndOf(schema);
  return (c, out) => {
    const end = endOf(c.buf, c.pos);
    out.bytes(c.buf.subarray(c.pos, end));
    c.pos = end;
  };
}

function incompatible(from: Schema, to: Schema): SchemaError {
  return new SchemaError(
    'UNSUPPORTED_SCHEMA',
    `Values of ${JSON.stringify(from)} cannot be read as ${JSON.stringify(to)}. See schemas/README.md on how a schema may change.`,
  );
}
