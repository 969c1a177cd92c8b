/** Why a command of the verifier could not do what it was asked; problems found in an archive are no errors. */
export type VerifierErrorCode =
  /** A flag, argument or file given to a command has a wrong form. Remedy: the message says what was expected. */
  | 'USAGE'
  /** A line of the file of producer keys is refused. Remedy: `<vkey named by service> [from <RFC 3339 time>]`, made with `authseal keys public`. */
  | 'PRODUCERS_MALFORMED'
  /** A line of the file of accepted incidents is refused. Remedy: `<code> <origin> <batch, version or object> <reason>`. */
  | 'ACCEPT_MALFORMED'
  /** What was to be written is there already, and nothing is ever overwritten. Remedy: name another path. */
  | 'TARGET_EXISTS'
  /** A file could not be written to its end, as when the disk is full. Remedy: make room, remove what was written and start anew. */
  | 'WRITE_FAILED';

/** The one error of this package. `code` is stable; `message` says what, where and what to do. */
export class VerifierError extends Error {
  override readonly name = 'VerifierError';
  readonly code: VerifierErrorCode;

  constructor(code: VerifierErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
