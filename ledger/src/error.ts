/** Why bytes are not an Authseal batch, proof, key or note, or do not continue a log. */
export type LedgerErrorCode =
  /** The bytes are no Avro object container of the form `authseal/batch/v1` prescribes. Remedy: compare the object with the other region's; it was changed or cut. */
  | 'CONTAINER_MALFORMED'
  /** The header is no canonical JSON, lacks a member, or a member has a wrong type or range. Remedy: as CONTAINER_MALFORMED. */
  | 'HEADER_MALFORMED'
  /** The header names a format that this version does not know. Remedy: verify with the release that knows it. */
  | 'FORMAT_UNKNOWN'
  /** The schema text in the object is none that was ever released, or not the one its header hashed. Remedy: the text was swapped; take the other region's object. */
  | 'SCHEMA_MISMATCH'
  /** An entry is no canonical Avro, or its parts contradict each other, its header or its neighbours. Remedy: as CONTAINER_MALFORMED. */
  | 'ENTRY_MALFORMED'
  /** The entries do not hash to what the header says: one was changed, removed, added or moved. Remedy: take the other region's object. */
  | 'ENTRIES_MISMATCH'
  /** The checkpoint is malformed, or speaks of another log, size or root than the header and entries. Remedy: as ENTRIES_MISMATCH. */
  | 'CHECKPOINT_MISMATCH'
  /** A signed note has not the form of C2SP signed-note, or a signature by a known key does not hold. Remedy: the note was changed; fetch it again. */
  | 'NOTE_MALFORMED'
  /** No signature by a key that is trusted for this log. Remedy: check that the key file is the one of this deployment. */
  | 'SIGNATURE_MISSING'
  /** A verification key or a file of keys has a wrong form. Remedy: make it anew with `authseal keys public`. */
  | 'KEY_MALFORMED'
  /** A batch does not continue the log it says it belongs to. Remedy: find the batch between, or the fork, with `authseal verify`. */
  | 'CHAIN_BROKEN'
  /** A Merkle proof does not prove what it says. Remedy: fetch the proof and the checkpoint again; if it persists, the log was forked. */
  | 'PROOF_INVALID'
  /** Entries that were compressed do not come out again as they were; nothing was sealed. Remedy: it is tried again by itself; if it goes on, the machine's memory or its Node is at fault: seal on another machine. */
  | 'BLOCK_UNREADABLE'
  /** A value given to the library is out of its range. Remedy: a caller's mistake; see the message. */
  | 'OUT_OF_RANGE';

/** The one error of this package. `code` is stable; `message` says what, where and what to do. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
