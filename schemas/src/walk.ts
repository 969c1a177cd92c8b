/**
 * The check for canonical Avro, over bytes, without an object for any value.
 *
 * Canonical is: every varint the shortest; longs within ±(2^53 − 1), ints
 * within 32 bits; booleans 0 or 1; enum and union indexes in range; arrays and
 * maps in one block of positive count, or none when empty; map keys unique;
 * strings valid UTF-8. So a value has exactly one encoding, and every Avro
 * reader takes it. (avsc takes bytes that other readers refuse, and throws on
 * some that they take.)
 *
 * Hostile bytes cost no more than their length: nothing is allocated by a
 * length or count, and a count above the bytes left is refused, since no item
 * of our schemas is empty. Depth is that of the schema.
 */

import { isUtf8 } from 'node:buffer';
import type { Cursor } from './cursor.ts';
import { readLength, readLong } from './cursor.ts';
import { KeySet } from './key-set.ts';
import type { Schema } from './schema.ts';

/** Moves past one canonical value; false when there is none (the cursor is then anywhere). */
export type Walk = (c: Cursor) => boolean;

/** @returns the walk for values of `schema`. Not re-entrant. */
export function compileWalk(schema: Schema): Walk {
  switch (schema.type) {
    case 'boolean':
      return (c) => c.pos < c.end && (c.buf[c.pos++] as number) <= 1;
    case 'long':
      return (c) => !Number.isNaN(readLong(c));
    case 'int':
      return walkInt;
    case 'bytes':
      return (c) => skip(c, readLength(c));
    case 'string':
      return walkString;
    case 'fixed': {
      const { size } = schema;
      return (c) => size <= c.end - c.pos && skip(c, size);
    }
    case 'enum': {
      const count = schema.symbols.length;
      return (c) => {
        const index = readLong(c);
        return index >= 0 && index < count;
      };
    }
    case 'nullable': {
      const of = compileWalk(schema.of);
      return (c) => {
        const index = readLong(c);
        return index === 0 || (index === 1 && of(c));
      };
    }
    case 'array':
      return walkBlock(compileWalk(schema.items));
    case 'map': {
      const keys = new KeySet();
      const value = compileWalk(schema.values);
      const block = walkBlock((c) => walkNewKey(c, keys) && value(c));
      return (c) => {
        keys.clear();
        return block(c);
      };
    }
    case 'record': {
      const fields = schema.fields.map((field) => compileWalk(field.schema));
      return (c) => {
        for (const walk of fields) if (!walk(c)) return false;
        return true;
      };
    }
  }
}

function walkInt(c: Cursor): boolean {
  const value = readLong(c);
  return value >= -(2 ** 31) && value < 2 ** 31;
}

function skip(c: Cursor, length: number): boolean {
  c.pos += length;
  return !Number.isNaN(length);
}

function walkString(c: Cursor): boolean {
  return walkText(c, readLength(c));
}

/** Moves past `length` bytes of valid UTF-8; false when `length` is NaN. */
function walkText(c: Cursor, length: number): boolean {
  const { buf, pos } = c;
  const end = pos + length;
  c.pos = end;
  for (let i = pos; i < end; i++) {
    if ((buf[i] as number) >= 0x80) return isUtf8(buf.subarray(i, end));
  }
  return !Number.isNaN(length);
}

/** Moves past the items of an array or a map. */
function walkBlock(item: Walk): Walk {
  return (c) => {
    const count = readLong(c);
    if (count === 0) return true;
    if (!(count > 0 && count <= c.end - c.pos)) return false;
    for (let i = 0; i < count; i++) if (!item(c)) return false;
    return c.pos < c.end && c.buf[c.pos++] === 0;
  };
}

/** Moves past a map key that is not in `keys` yet. */
export function walkNewKey(c: Cursor, keys: KeySet): boolean {
  const length = readLength(c);
  return walkText(c, length) && keys.add(c.buf, c.pos - length, c.pos);
}
