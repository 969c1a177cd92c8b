/** Everything that is compiled from one schema. */

import { compileEndOf } from './canonical.ts';
import type { EndOf } from './canonical-values.ts';
import { Cursor } from './cursor.ts';
import { endOfAuthEvent, endOfEntry } from './generated/canonical.ts';
import { AUTH_EVENT_SCHEMA_TEXTS, ENTRY_SCHEMA_TEXTS } from './generated/schema-texts.ts';
import { compileRead } from './read.ts';
import { compileRewrite } from './rewrite.ts';
import { parseSchema } from './schema.ts';
import { Sink } from './sink.ts';
import { compileWrite } from './write.ts';

export interface Codec {
  readonly end: EndOf;
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

/** For the schemas of every event that is sealed now; what older ones need is compiled. */
const GENERATED: ReadonlyMap<string | undefined, EndOf> = new Map([
  [AUTH_EVENT_SCHEMA_TEXTS.at(-1), endOfAuthEvent],
  [ENTRY_SCHEMA_TEXTS.at(-1), endOfEntry],
]);

/** @throws SchemaError UNSUPPORTED_SCHEMA */
export function compileCodec(text: string): Codec {
  const schema = parseSchema(text);
  const end = GENERATED.get(text) ?? compileEndOf(schema);
  const rewrite = compileRewrite(schema);
  const read = compileRead(schema);
  const write = compileWrite(schema);
  return {
    end,
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
