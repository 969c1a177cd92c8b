/** Avro schemas of Authseal events and archive entries; see README.md. */

export {
  AUTH_EVENT_FINGERPRINT,
  classifyValue,
  decodeEvent,
  encodeEvent,
  readEventBody,
} from './auth-event.ts';
export type { Classified, Problem } from './classify.ts';
export type { Entry, EntrySchema } from './entry.ts';
export { ENTRY_SCHEMA_TEXT, RELEASED_ENTRY_SCHEMAS } from './entry.ts';
export type { SchemaErrorCode } from './error.ts';
export { SchemaError } from './error.ts';
export { crc64Avro, fingerprint } from './fingerprint.ts';
export type * from './generated/auth-event.ts';
export { MAX_VALUE_BYTES } from './limits.ts';
export type { JsonSchema } from './parsing-canonical-form.ts';
export { parsingCanonicalForm } from './parsing-canonical-form.ts';
