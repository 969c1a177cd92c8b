/**
 * Checkpoints, as C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint): a signed note whose text
 * has three lines and no extension lines:
 *
 *     <origin>
 *     <tree size, decimal>
 *     <root hash, base64>
 *
 * The key's name is the origin. A batch's checkpoint stands after the batch's header leaf: its size
 * is `first + count + 1`.
 */
import { decodeBase64, encodeBase64 } from './base64.ts';
import { LedgerError } from './error.ts';
import { HASH_SIZE, type Hash } from './merkle.ts';

export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Hash };

/** The text to be signed. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${encodeBase64(root)}\n`;
}

/**
 * Reads the text of a checkpoint's note.
 * @throws LedgerError CHECKPOINT_MISMATCH when it is anything but the three lines
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [, origin, digits, base64] =
    /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n$/.exec(text) ?? [];
  const size = Number(digits);
  const root = base64 === undefined ? null : decodeBase64(base64);
  if (origin === undefined || !Number.isSafeInteger(size) || root?.length !== HASH_SIZE) {
    throw new LedgerError(
      'CHECKPOINT_MISMATCH',
      'The note is no checkpoint of three lines: origin, size, root hash.',
    );
  }
  return { origin, size, root };
}
