/**
 * Whether a record of the batches topic is an authentic batch of its partition's log: judged by its
 * bytes and the public keys alone.
 */
import {
  checkpointSigners,
  type DeploymentKeys,
  encodeBase64,
  type Header,
  readBatch,
  sha256,
} from '@authseal/ledger';
import { ArchiverError } from './error.ts';

/** A batch of which all has been checked that it and the keys can show. */
export type OurBatch = {
  readonly header: Header;
  /** SHA-256 of the header, base64: with the origin, what a batch is known by. */
  readonly hash: string;
  /** Lines of the key file that signed it, ascending. */
  readonly signers: readonly number[];
  /** The object's bytes, to be archived as they are, and their SHA-256. */
  readonly object: Buffer;
  readonly sha256: Buffer;
};

/**
 * Checks header, entries, Merkle root and checkpoint signature.
 * @throws ArchiverError NOT_OURS, with the SHA-256 of the bytes and the reason
 */
export function readOurBatch(object: Buffer, origin: string, keys: DeploymentKeys): OurBatch {
  const hash = sha256(object);
  try {
    const batch = readBatch(object);
    batch.release();
    const { header, headerHash, note } = batch;
    if (header.origin !== origin) throw new Error(`It is a batch of ${header.origin}.`);
    const signers = checkpointSigners(note, origin, keys);
    return { header, hash: encodeBase64(headerHash), signers, object, sha256: hash };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ArchiverError(
      'NOT_OURS',
      `${object.length} bytes with SHA-256 ${hash.toString('hex')} are no authentic batch of ${origin}: ${reason}`,
      { cause },
    );
  }
}
