/** What went wrong with an event or a schema. */
export type SchemaErrorCode =
  /** The event does not fit authseal.AuthEvent. Correct the field that the message names. */
  | 'INVALID_EVENT'
  /** The encoded event is longer than 1 MiB. Keep large material elsewhere and refer to it. */
  | 'EVENT_TOO_LARGE'
  /** The bytes are not Avro of the schema they name. Find out which producer wrote them, and how. */
  | 'MALFORMED'
  /** The bytes do not begin with the fingerprint of a released event schema. Check the producer's version. */
  | 'UNKNOWN_SCHEMA'
  /** A schema uses what Authseal's schemas must not use. Write it as schemas/README.md says. */
  | 'UNSUPPORTED_SCHEMA';

/** The one error of this package; `code` is stable. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
  readonly code: SchemaErrorCode;

  constructor(code: SchemaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
