export { decodeBase64, encodeBase64 } from './base64.ts';
export { Batch, readBatch, readBatchWith, readSealedHeader } from './batch.ts';
export {
  BatchBuilder,
  type LastRecord,
  type SealedBatch,
  type SealKeys,
  type SealTerms,
} from './batch-builder.ts';
export { type Checkpoint, formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
export { CompactRange } from './compact-range.ts';
export type { Codec } from './container.ts';
export { type Digest, type DigestEntries, digestEntries, type Entries } from './digest.ts';
export { PROBLEMS, recordHash, type SourceRecord } from './entry.ts';
export { EntryCursor, type EntryView, entryValue, entryValueHash, Span } from './entry-view.ts';
export { LedgerError, type LedgerErrorCode } from './error.ts';
export { excerpt } from './excerpt.ts';
export { FORMAT, type Header, type OffsetRange, originOf, partitionOf } from './header.ts';
export {
  checkpointSigners,
  type DeploymentKeys,
  type KeyStep,
  parseKeys,
  stepKey,
} from './keys.ts';
export { MAX_OBJECT } from './limits.ts';
export { type ChainFault, chainFault, headAfter, type LogHead, newLog } from './log-head.ts';
export {
  EMPTY_ROOT,
  type Hash,
  type HashText,
  hashLeaf,
  hashNode,
  hashOfText,
  sha256,
  sha256Text,
  textOfHash,
} from './merkle.ts';
export {
  formatVkey,
  type NoteSigner,
  type NoteVerifier,
  noteVerifier,
  openNote,
  parseVkey,
  signNote,
} from './note.ts';
export { type KeyParts, logPrefix, objectKey, parseObjectKey } from './object-key.ts';
export {
  firstLink,
  flushSignatureHolds,
  flushText,
  LINK_HEADER,
  nextLink,
  SEQUENCE_HEADER,
  SIGNATURE_HEADER,
} from './producer-chain.ts';
export {
  consistencyProof,
  inclusionProof,
  rangeRootOf,
  verifyConsistency,
  verifyInclusion,
} from './proof.ts';
export { signerFromPem } from './signer.ts';
export { type Packed, type Unpacked, unpackEntries } from './unpack.ts';
