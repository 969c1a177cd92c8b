/**
 * Canonical re-encoding of Avro whose arrays or maps stand in several blocks
 * or carry byte sizes (hamba/avro and some Java encoders write so). All else
 * must be canonical already, byte sizes must be right, and a map keeps its
 * order: the work is done on bytes, never through JavaScript objects, which
 * move keys that look like integers to the front.
 */

import { compileEndOf } from './canonical.ts';
import type { EndOf } from './canonical-values.ts';
import { endOfNewKey } from './canonical-values.ts';
import type { Cursor } from './cursor.ts';
import { readLength, readLong } from './cursor.ts';
import { KeySet } from './key-set.ts';
import type { Schema } from './schema.ts';
import type { Sink } from './sink.ts';

/** Moves past one value and writes it in canonical form; false when it cannot be read so. */
export type Rewrite = (c: Cursor, out: Sink) => boolean;

/** @returns the rewrite for values of `schema`. Not re-entrant. */
export function compileRewrite(schema: Schema): Rewrite {
  switch (schema.type) {
    case 'array':
      return rewriteBlocks(compileRewrite(schema.items));
    case 'map': {
      const keys = new KeySet();
      const key = copy((buf, at) => endOfNewKey(buf, at, keys));
      const value = compileRewrite(schema.values);
      const blocks = rewriteBlocks((c, out) => key(c, out) && value(c, out));
      return (c, out) => {
        keys.clear();
        return blocks(c, out);
      };
    }
    case 'nullable': {
      const of = compileRewrite(schema.of);
      return (c, out) => {
        const index = readLong(c);
        if (index !== 0 && index !== 1) return false;
        out.long(index);
        return index === 0 || of(c, out);
      };
    }
    case 'record': {
      const fields = schema.fields.map((field) => compileRewrite(field.schema));
      return (c, out) => fields.every((rewrite) => rewrite(c, out));
    }
    default:
      return copy(compileEndOf(schema));
  }
}

function copy(endOf: EndOf): Rewrite {
  return (c, out) => {
    const end = endOf(c.buf, c.pos);
    if (end < 0) return false;
    out.bytes(c.buf.subarray(c.pos, end));
    c.pos = end;
    return true;
  };
}

/** Joins the blocks of an array or map into one. */
function rewriteBlocks(item: Rewrite): Rewrite {
  return (c, out) => {
    const start = out.pos;
    let total = 0;
    for (;;) {
      const signed = readLong(c);
      if (signed === 0) break;
      // A negative count is followed by the size of its block in bytes.
      const size = signed < 0 ? readLength(c) : null;
      const count = Math.abs(signed);
      if (Number.isNaN(size) || !(count <= c.end - c.pos)) return false;
      const begin = c.pos;
      for (let i = 0; i < count; i++) if (!item(c, out)) return false;
      if (size !== null && c.pos !== begin + size) return false;
      total += count;
    }
    if (total > 0) out.insertLong(start, total);
    out.byte(0);
    return true;
  };
}
