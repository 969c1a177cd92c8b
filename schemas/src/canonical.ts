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

import type { EndOf } from './canonical-values.ts';
import {
  endOfArray,
  endOfBoolean,
  endOfBytes,
  endOfEnum,
  endOfFixed,
  endOfInt,
  endOfLong,
  endOfMap,
  endOfString,
  isNull,
  isPresent,
} from './canonical-values.ts';
import { KeySet } from './key-set.ts';
import type { Schema } from './schema.ts';

/** @returns the check for values of `schema`. Not re-entrant. */
export function compileEndOf(schema: Schema): EndOf {
  switch (schema.type) {
    case 'boolean':
      return endOfBoolean;
    case 'long':
      return endOfLong;
    case 'int':
      return endOfInt;
    case 'bytes':
      return endOfBytes;
    case 'string':
      return endOfString;
    case 'fixed': {
      const { size } = schema;
      return (buf, at) => endOfFixed(buf, at, size);
    }
    case 'enum': {
      const count = schema.symbols.length;
      return (buf, at) => endOfEnum(buf, at, count);
    }
    case 'nullable': {
      const of = compileEndOf(schema.of);
      return (buf, at) => {
        if (isNull(buf, at)) return at + 1;
        return isPresent(buf, at) ? of(buf, at + 1) : -1;
      };
    }
    case 'array': {
      const item = compileEndOf(schema.items);
      return (buf, at) => endOfArray(buf, at, item);
    }
    case 'map': {
      const keys = new KeySet();
      const value = compileEndOf(schema.values);
      return (buf, at) => endOfMap(buf, at, keys, value);
    }
    case 'record': {
      const fields = schema.fields.map((field) => compileEndOf(field.schema));
      return (buf, at) => {
        let end = at;
        for (const endOf of fields) {
          end = endOf(buf, end);
          if (end < 0) return -1;
        }
        return end;
      };
    }
  }
}
