/** Why a local stack could not be started, used or ended. Each code is stable; see the line above it. */
export type DeployErrorCode =
  /** A program that the native servers need is not installed or too old. Install what the message lists. */
  | 'MISSING_TOOLS'
  /** Maven or Go could not fetch or build a server. Read the log named in the message; check network and proxy settings. */
  | 'TOOL_INSTALL_FAILED'
  /** Some of the variables that give addresses are set, others are not. Set the missing ones, or unset all of them. */
  | 'INCOMPLETE_ADDRESSES'
  /** The addresses given by environment do not answer. Start those servers, or unset the variables to get servers of your own. */
  | 'ADDRESS_UNREACHABLE'
  /** A file system under .cache/ keeps no extended attributes, which versitygw stores locks in. Move the checkout to one that does (ext4, xfs, btrfs, apfs). */
  | 'NO_EXTENDED_ATTRIBUTES'
  /** No free port was found after several tries. End other stacks: `npm run stack:down`. */
  | 'NO_FREE_PORT'
  /** A server ended by itself. The message shows the end of its log. */
  | 'SERVER_DIED'
  /** A server runs but did not become ready in time. The message shows the end of its log. */
  | 'SERVER_NOT_READY'
  /** A stack runs already in this directory. Use it, or end it with `npm run stack:down`. */
  | 'ALREADY_RUNNING'
  /** `authseal-ingestor init` failed. The message shows what it printed. */
  | 'INIT_FAILED';

/** The one error class of this package. */
export class DeployError extends Error {
  override readonly name = 'DeployError';
  readonly code: DeployErrorCode;

  constructor(code: DeployErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
