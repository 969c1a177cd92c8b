/** Avro schemas of Authseal events and archive entries; see README.md. */

export type * from './generated/auth-event.ts';
