/**
 * What a Kafka value is. The first line that matches:
 *
 * | value                                              | raw                  | event                  | problem        |
 * |----------------------------------------------------|----------------------|------------------------|----------------|
 * | null                                               | null                 | null                   | NULL_VALUE     |
 * | `C3 01` ‖ current fingerprint ‖ canonical Avro     | null                 | the bytes as they are  | –              |
 * | the same in several blocks or with byte sizes;     | {fingerprint, value} | canonical re-encoding, | –              |
 * | or of a released older schema                      |                      | map order kept         |                |
 * | `C3 01` ‖ known fingerprint, anything else         | {fingerprint, value} | null                   | MALFORMED      |
 * | anything else, also empty and Confluent-framed     | {null, value}        | null                   | UNKNOWN_SCHEMA |
 *
 * It depends on nothing but the value and the released schemas. A value above
 * 1 MiB holds no event, whatever its bytes.
 */

import type { Codec } from './codec.ts';
import { compileCodec } from './codec.ts';
import { MAX_VALUE_BYTES } from './limits.ts';
import { compileUpgrade } from './resolve.ts';
import { BODY_AT, FINGERPRINT_AT, singleObjectHeader } from './single-object.ts';

export type Problem = 'NULL_VALUE' | 'MALFORMED' | 'UNKNOWN_SCHEMA';

/** What is sealed of a value: `raw`, `event` and `problem` of its entry. */
export interface Classified {
  problem: Problem | null;
  /** The whole value where `event` does not give it back; `schema` is its fingerprint of 8 bytes. */
  raw: { schema: Buffer | null; value: Buffer } | null;
  /** Canonical Avro of the current schema: a view of the value when it stood there so. */
  event: Buffer | null;
}

const NULL_VALUE: Classified = Object.freeze({ problem: 'NULL_VALUE', raw: null, event: null });

/** @returns the classification of a Kafka value; shares memory with it. */
export type Classify = (value: Buffer | null) => Classified;

/** @param texts the released event schemas, oldest first, the last being current */
export function compileClassify(texts: readonly string[]): Classify {
  const current = texts.at(-1) as string;
  const codec = compileCodec(current);
  const header = singleObjectHeader(current);
  const older = new Map<string, Older>();
  for (const text of texts.slice(0, -1)) {
    const name = singleObjectHeader(text).toString('latin1');
    older.set(name, { codec: compileCodec(text), upgrade: compileUpgrade(text, current) });
  }

  return (value) => {
    if (value === null) return NULL_VALUE;
    if (beginsWith(value, header)) {
      const body = value.subarray(BODY_AT);
      if (value.length > MAX_VALUE_BYTES) return sealed(value, null);
      if (codec.end(body, 0) === body.length) return { problem: null, raw: null, event: body };
      return sealed(value, codec.canonicalize(body));
    }
    const known = older.get(value.toString('latin1', 0, BODY_AT));
    if (known === undefined)
      return { problem: 'UNKNOWN_SCHEMA', raw: { schema: null, value }, event: null };
    if (value.length > MAX_VALUE_BYTES) return sealed(value, null);
    const canonical = known.codec.canonicalize(value.subarray(BODY_AT));
    return sealed(value, canonical && known.upgrade(canonical));
  };
}

/** For ten bytes faster than Buffer.compare. */
function beginsWith(value: Uint8Array, start: Uint8Array): boolean {
  if (value.length < start.length) return false;
  for (let i = 0; i < start.length; i += 1) if (value[i] !== start[i]) return false;
  return true;
}

interface Older {
  readonly codec: Codec;
  readonly upgrade: (body: Uint8Array) => Buffer;
}

function sealed(value: Buffer, event: Buffer | null): Classified {
  const raw = { schema: value.subarray(FINGERPRINT_AT, BODY_AT), value };
  return { problem: event === null ? 'MALFORMED' : null, raw, event };
}
