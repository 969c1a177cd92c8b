/** What to say when a file or directory of ours cannot be made. */
import { VerifierError, type VerifierErrorCode } from '../error.ts';

/** Errors of the system that a better path avoids. All others, a full disk among them, it does not. */
const OF_THE_PATH: Record<string, string> = {
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'a part of this path is no directory',
  EISDIR: 'this is a directory',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'the name is too long',
};

/** The error of a failed write, with the code that tells a wrong path from a write that broke off. */
export function writeFailure(path: string, cause: unknown): VerifierError {
  const failed = (code: VerifierErrorCode, message: string) =>
    new VerifierError(code, message, { cause });
  const { code = '', message } = cause as NodeJS.ErrnoException;
  if (code === 'EEXIST') {
    return failed(
      'TARGET_EXISTS',
      `${path} is there already, and is never overwritten. Name another path.`,
    );
  }
  const why = OF_THE_PATH[code];
  if (why !== undefined) {
    return failed('USAGE', `${path} cannot be written: ${why}. Name another path.`);
  }
  return failed('WRITE_FAILED', `${path} could not be written: ${message}. It is not whole.`);
}
