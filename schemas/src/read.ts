/**
 * Objects from canonical Avro. Reads only what a walk has accepted, and so
 * checks nothing. Maps become objects without a prototype, where `__proto__`
 * is a key like any other.
 */

import type { Cursor } from './cursor.ts';
import { readLong } from './cursor.ts';
import type { Schema } from './schema.ts';

export type Read = (c: Cursor<Buffer>) => unknown;

/** @returns the reader for values of `schema`. */
export function compileRead(schema: Schema): Read {
  switch (schema.type) {
    case 'boolean':
      return (c) => c.buf[c.pos++] === 1;
    case 'int':
    case 'long':
      return readLong;
    case 'bytes':
      return (c) => copy(c, readLong(c));
    case 'string':
      return readString;
    case 'fixed':
      return (c) => copy(c, schema.size);
    case 'enum':
      return (c) => schema.symbols[readLong(c)];
    case 'nullable': {
      const of = compileRead(schema.of);
      return (c) => (readLong(c) === 0 ? null : of(c));
    }
    case 'array': {
      const item = compileRead(schema.items);
      return (c) => {
        const items: unknown[] = [];
        for (let count = readLong(c); count > 0; count = readLong(c))
          for (let i = 0; i < count; i++) items.push(item(c));
        return items;
      };
    }
    case 'map': {
      const value = compileRead(schema.values);
      return (c) => {
        const entries: Record<string, unknown> = Object.create(null);
        for (let count = readLong(c); count > 0; count = readLong(c))
          for (let i = 0; i < count; i++) entries[readString(c)] = value(c);
        return entries;
      };
    }
    case 'record': {
      const fields = schema.fields.map((field) => [field.name, compileRead(field.schema)] as const);
      return (c) => {
        const record: Record<string, unknown> = {};
        for (const [name, read] of fields) record[name] = read(c);
        return record;
      };
    }
  }
}

function readString(c: Cursor<Buffer>): string {
  const length = readLong(c);
  const start = c.pos;
  c.pos += length;
  return c.buf.toString('utf8', start, c.pos);
}

/** A copy, so that what was read does not hold on to what it was read from. */
function copy(c: Cursor<Buffer>, length: number): Buffer {
  const start = c.pos;
  c.pos += length;
  return Buffer.from(c.buf.subarray(start, c.pos));
}
