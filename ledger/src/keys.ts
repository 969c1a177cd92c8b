/**
 * The file of deployment keys (AUTHSEAL_KEYS): C2SP vkeys named `<deployment>`, one a line, oldest
 * first; empty lines and lines that begin with `#` are passed over. A line vouches for every origin
 * `<deployment>/…`: the same public key, its key id computed with the origin as name.
 *
 * Keys hold by position in the log, not by time, for a thief chooses the time: the first batch
 * present may be signed by any line; after that the key changes only at a batch whose header has
 * `rotation: { next: vkey }`, signed by the old key and by the new one, to the next line, never
 * back. When the old key is lost the new one signs alone; that is reported as KEY_REPLACED.
 */
import { LedgerError } from './error.ts';
import { excerpt } from './excerpt.ts';
import type { Header } from './header.ts';
import { formatVkey, type NoteVerifier, noteVerifier, openNote, parseVkey } from './note.ts';

/** A deployment's keys, oldest first; never empty, no key twice. */
export type DeploymentKeys = {
  readonly deployment: string;
  readonly keys: readonly NoteVerifier[];
};

const DEPLOYMENT = /^[a-z0-9.-]+$/;

/**
 * Reads a file of deployment keys.
 * @throws LedgerError KEY_MALFORMED, naming the line
 */
export function parseKeys(file: string): DeploymentKeys {
  const keys: NoteVerifier[] = [];
  for (const [i, line] of file.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const key = parseLine(line.trim(), i);
    if (!DEPLOYMENT.test(key.name)) {
      throw keyFileError(i, `${excerpt(key.name)} is no name of a deployment ([a-z0-9.-]+).`);
    }
    const [first] = keys;
    if (first !== undefined && key.name !== first.name) {
      throw keyFileError(i, `it names "${key.name}" where the lines before name "${first.name}".`);
    }
    if (keys.some((other) => other.publicKey.equals(key.publicKey))) {
      throw keyFileError(i, 'it repeats a key of a line before.');
    }
    keys.push(key);
  }
  const [oldest] = keys;
  if (oldest === undefined) {
    throw new LedgerError(
      'KEY_MALFORMED',
      'The file of keys holds no vkey; it needs at least one.',
    );
  }
  return { deployment: oldest.name, keys };
}

/** Which lines of the key file signed this note for `origin`: their indices, ascending.
 * @throws LedgerError NOTE_MALFORMED; SIGNATURE_MISSING when no line did */
export function checkpointSigners(note: Buffer, origin: string, keys: DeploymentKeys): number[] {
  const verifiers = origin.startsWith(`${keys.deployment}/`)
    ? keys.keys.map((key) => noteVerifier(origin, key.publicKey))
    : [];
  const { signedBy } = openNote(note, verifiers);
  const lines = verifiers.flatMap((verifier, i) => (signedBy.includes(verifier) ? [i] : []));
  if (lines.length === 0) {
    throw new LedgerError(
      'SIGNATURE_MISSING',
      `The checkpoint of ${origin} bears no signature by a key of deployment "${keys.deployment}". Check that the key file is the right one; if it is, somebody else signed this.`,
    );
  }
  return lines;
}

/** What a batch's signatures say of the key in force. */
export type KeyStep =
  | { readonly ok: true; readonly key: number; readonly replaced: boolean }
  | { readonly ok: false; readonly expected: string; readonly found: string };

/**
 * The key in force after a batch: `current` is the line in force before it, null at the first batch
 * present; `signers` are the lines that signed it.
 */
export function stepKey(
  current: number | null,
  signers: readonly number[],
  header: Header,
  keys: DeploymentKeys,
): KeyStep {
  const found = `signed by line ${signers.map((i) => i + 1).join(' and ')} of the key file`;
  if (header.rotation === undefined) {
    const key = current ?? (signers[0] as number);
    if (signers.includes(key)) return { ok: true, key, replaced: false };
    return { ok: false, expected: `signed by line ${key + 1} of the key file`, found };
  }
  const next = keys.keys.findIndex((key) => formatVkey(key) === header.rotation?.next);
  const isDue = current === null || next === current + 1;
  if (!isDue || !signers.includes(next)) {
    const due = current === null ? 'a line' : `line ${current + 2}`;
    const expected = `a rotation to ${due} of the key file, signed by it`;
    return { ok: false, expected, found: `a rotation to ${header.rotation.next}, ${found}` };
  }
  // The key before the first line of the file is not known: nothing can be said of it.
  return { ok: true, key: next, replaced: next > 0 && !signers.includes(next - 1) };
}

function parseLine(vkey: string, line: number): NoteVerifier {
  try {
    return parseVkey(vkey);
  } catch (cause) {
    if (!(cause instanceof LedgerError)) throw cause;
    throw keyFileError(line, cause.message, { cause });
  }
}

function keyFileError(line: number, why: string, options?: ErrorOptions): LedgerError {
  return new LedgerError(
    'KEY_MALFORMED',
    `Line ${line + 1} of the file of keys is refused: ${why}`,
    options,
  );
}
