/** Everything that is compiled from one schema. */

import { Cursor } from './cursor.ts';
import { compileRead } from './read.ts';
import { compileRewrite } from './rewrite.ts';
import { parseSchema } from './schema.ts';
import { Sink } from './sink.ts';
import { compileWalk } from './walk.ts';
import { compileWrite } from './write.ts';

export interface Codec {
  /** @returns the end of the one canonical value that begins at `start`, or -1 */
  end(buf: Uint8Array, start: number): number;
  /** @returns the value that `body` holds whole, in canonical form; null when it cannot be read */
  canonicalize(body: Uint8Array): Buffer | null;
  /** @param body canonical Avro, already checked */
  read(body: Uint8Array): unknown;
  /**
   * Appends a value in canonical form.
   * @throws SchemaError INVALID_EVENT
   */
  write(value: unknown, out: Sink): void;
}

/** @throws SchemaError UNSUPPORTED_SCHEMA */
export function compileCodec(text: string): Codec {
  const schema = parseSchema(text);
  const walk = compileWalk(schema);
  const rewrite = compileRewrite(schema);
  const read = compileRead(schema);
  const write = compileWrite(schema);
  const cursor: Cursor = new Cursor(new Uint8Array());
  return {
    end(buf, start) {
      cursor.buf = buf;
      cursor.pos = start;
      cursor.end = buf.length;
      return walk(cursor) ? cursor.pos : -1;
    },
    canonicalize(body) {
      const c = new Cursor(body);
      const out = new Sink(body.length);
      return rewrite(c, out) && c.pos === body.length ? out.written() : null;
    },
    read(body) {
      return read(new Cursor(Buffer.from(body.buffer, body.byteOffset, body.length)));
    },
    write(value, out) {
      write(value, out, []);
    },
  };
}
