/**
 * Events to bytes and back, in Avro's single-object encoding: `C3 01`, the
 * CRC-64-AVRO fingerprint of the schema in little-endian, the canonical body.
 * No registry is needed to read them.
 */

import { compileClassify } from './classify.ts';
import { compileCodec } from './codec.ts';
import { SchemaError } from './error.ts';
import { fingerprint } from './fingerprint.ts';
import type { AuthEvent, DetailField } from './generated/auth-event.ts';
import { DETAIL_OF_KIND } from './generated/auth-event.ts';
import { AUTH_EVENT_SCHEMA_TEXTS } from './generated/schema-texts.ts';
import { MAX_VALUE_BYTES } from './limits.ts';
import { singleObjectHeader } from './single-object.ts';
import { Sink } from './sink.ts';
import { invalid } from './write.ts';

const CURRENT = AUTH_EVENT_SCHEMA_TEXTS.at(-1) as string;
const HEADER = singleObjectHeader(CURRENT);
const CODEC = compileCodec(CURRENT);
const DETAIL_FIELDS = new Set(Object.values(DETAIL_OF_KIND).filter((field) => field !== null));

/** UUIDv7 in lower case: RFC 9562, section 5.7. */
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** An event is usually shorter than this, in bytes; a longer one costs a copy. */
const USUAL_BYTES = 512;

/** The 8 bytes of the current schema's fingerprint as they stand in a value. */
export const AUTH_EVENT_FINGERPRINT: Buffer = fingerprint(JSON.parse(CURRENT));

/** @see Classified */
export const classifyValue = compileClassify(AUTH_EVENT_SCHEMA_TEXTS);

/**
 * @returns the value of the Kafka message
 * @throws SchemaError INVALID_EVENT naming the path and what was expected;
 * EVENT_TOO_LARGE above 1 MiB
 */
export function encodeEvent(event: AuthEvent): Buffer {
  const out = new Sink(USUAL_BYTES);
  out.bytes(HEADER);
  CODEC.write(event, out);
  if (!UUID_V7.test(event.id)) throw invalid(['id'], 'a UUIDv7 in lower case', event.id);
  checkDetails(event);
  const value = out.written();
  if (value.length > MAX_VALUE_BYTES)
    throw new SchemaError(
      'EVENT_TOO_LARGE',
      `The event is ${value.length} bytes long, more than ${MAX_VALUE_BYTES}. Keep large material elsewhere and refer to it.`,
    );
  return value;
}

/** Each kind has its own detail record and no other; OTHER may have any. */
function checkDetails(event: AuthEvent): void {
  const own: DetailField | null = DETAIL_OF_KIND[event.kind];
  if (own === null) return;
  for (const field of DETAIL_FIELDS) {
    const absent = (event[field] ?? null) === null;
    if (field === own && absent)
      throw invalid([field], `the details that ${event.kind} requires`, event[field]);
    if (field !== own && !absent) throw invalid([field], `none for ${event.kind}`, event[field]);
  }
}

/**
 * Takes whatever is sealed with an event: also several blocks, byte sizes and
 * older released schemas. An event whose kind lacks its details is returned.
 *
 * @param value a Kafka value
 * @throws SchemaError UNKNOWN_SCHEMA or MALFORMED
 */
export function decodeEvent(value: Uint8Array): AuthEvent {
  const buffer = Buffer.from(value.buffer, value.byteOffset, value.length);
  const { event, problem } = classifyValue(buffer);
  if (event !== null) return CODEC.read(event) as AuthEvent;
  if (problem === 'MALFORMED') throw malformed();
  throw new SchemaError(
    'UNKNOWN_SCHEMA',
    'The value does not begin with C3 01 and the fingerprint of a released event schema. Find out who wrote it, and with which version.',
  );
}

/**
 * @param body an event as it stands in an entry: canonical Avro of the current schema
 * @throws SchemaError MALFORMED
 */
export function readEventBody(body: Uint8Array): AuthEvent {
  if (CODEC.end(body, 0) !== body.length) throw malformed();
  return CODEC.read(body) as AuthEvent;
}

function malformed(): SchemaError {
  return new SchemaError(
    'MALFORMED',
    'The bytes are not Avro of the event schema, or longer than 1 MiB. Find out which producer wrote them, and how.',
  );
}
