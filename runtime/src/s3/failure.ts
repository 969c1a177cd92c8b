/** What a failed request says, and how we pass it on. */
import { S3ServiceException } from '@aws-sdk/client-s3';
import { RuntimeError } from '../error.ts';

export const statusOf = (cause: unknown): number | undefined =>
  cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;

export const nameOf = (cause: unknown): string =>
  cause instanceof Error ? cause.name : typeof cause;

/** No such key or version, or (405) a delete marker read by version. */
export const isGone = (cause: unknown): boolean =>
  nameOf(cause) !== 'NoSuchBucket' && (statusOf(cause) === 404 || statusOf(cause) === 405);

// ExpiredToken and InvalidToken come with status 400.
const OF_CREDENTIALS = /^(InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|InvalidToken)$/;

/** S3 does not take these credentials, or not for this. An answer to HEAD has a status only. */
export function isDenied(cause: unknown): boolean {
  const status = statusOf(cause);
  return status === 401 || status === 403 || OF_CREDENTIALS.test(nameOf(cause));
}

/** @param where region, bucket and key */
export function s3Error(operation: string, where: string, cause: unknown): RuntimeError {
  if (cause instanceof RuntimeError) return cause;
  const status = statusOf(cause);
  const text = cause instanceof Error ? cause.message : String(cause);
  const said = `${nameOf(cause)}${status === undefined ? '' : ` (${status})`}: ${text}`;
  return new RuntimeError(
    isDenied(cause) ? 'S3_ACCESS_DENIED' : 'S3_FAILED',
    `${where}: ${operation} failed with ${said}`,
    { cause },
  );
}

// These are said of whoever asks, or of now, and not of the version asked for.
const NOT_OF_VERSION = /^(RequestTimeTooSkewed|NoSuchBucket|SlowDown|ServiceUnavailable)$/;

/** As s3Error, of a request to read one version: S3_VERSION_REFUSED where S3 answered, and not for lack of credentials. */
export function versionError(operation: string, where: string, cause: unknown): RuntimeError {
  const error = s3Error(operation, where, cause);
  const status = statusOf(cause);
  const name = nameOf(cause);
  const isOfAsker = OF_CREDENTIALS.test(name) || NOT_OF_VERSION.test(name);
  const isRefusal = status !== undefined && status !== 503 && !isOfAsker;
  return isRefusal ? new RuntimeError('S3_VERSION_REFUSED', error.message, { cause }) : error;
}
