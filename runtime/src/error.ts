/** Every way in which the runtime fails. */
export type RuntimeErrorCode =
  /** Settings are missing, unknown or malformed. The message lists all of them; correct each as it says. */
  | 'INVALID_CONFIG'
  /** The health server cannot listen on its address. Free the port or set AUTHSEAL_HTTP_PORT. */
  | 'PORT_UNAVAILABLE'
  /** No broker answered, or the login was refused. Look at the cause in the message, and at AUTHSEAL_KAFKA_BROKERS, AUTHSEAL_KAFKA_SSL and AUTHSEAL_KAFKA_SASL_…. */
  | 'KAFKA_UNREACHABLE'
  /** S3 refused the credentials or the permission. Compare the role's policy with the operation named. */
  | 'S3_ACCESS_DENIED'
  /** An S3 request failed, or S3 could not be reached. Harmless to repeat; look at the cause. */
  | 'S3_FAILED'
  /** S3 does not give this one version: the role may not read it, its encryption key is gone, or the store fails on it. Look at the cause. */
  | 'S3_VERSION_REFUSED'
  /** S3 answered something that cannot be: a store that is not S3-compatible enough. Look at the message. */
  | 'S3_BAD_ANSWER'
  /** The bucket gave no version id for a write: versioning is off. Use a bucket with Object Lock. */
  | 'BUCKET_NOT_VERSIONED'
  /** An object is larger than its reader accepts: not written by Authseal. Look at who wrote it. */
  | 'OBJECT_TOO_LARGE';

/** The one error class of this package: what happened, where, and what to do next. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
