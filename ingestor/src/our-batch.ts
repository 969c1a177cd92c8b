/** An object that may be a batch of a log: in the batches topic, or in a region. */
import {
  type Batch,
  checkpointSigners,
  type DeploymentKeys,
  encodeBase64,
  entryValue,
  type LastRecord,
  LedgerError,
  readBatch,
  recordHash,
} from '@authseal/ledger';
import type { KafkaRecord } from '@authseal/runtime/kafka';

export type OurBatch = {
  readonly batch: Batch;
  /** Lines of the key file that signed it, ascending. */
  readonly signers: readonly number[];
  /** Public key that is in force after it, base64. */
  readonly key: string;
};

/** Null when it is no authentic batch of the log. */
export function readOurBatch(
  object: Buffer,
  origin: string,
  keys: DeploymentKeys,
): OurBatch | null {
  try {
    const batch = readBatch(object);
    if (batch.header.origin !== origin) return null;
    const signers = checkpointSigners(batch.note, origin, keys);
    const newest = keys.keys[signers.at(-1) as number];
    return { batch, signers, key: encodeBase64(newest?.publicKey as Buffer) };
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}

export type OurBatchAt = OurBatch & { readonly offset: number; readonly object: Buffer };

/** The authentic batches of the log among the topic's records. */
export function batchesAmong(
  records: readonly KafkaRecord[],
  origin: string,
  keys: DeploymentKeys,
): OurBatchAt[] {
  return records.flatMap(({ value: object, offset }) => {
    const ours = object && readOurBatch(object, origin, keys);
    return ours ? { ...ours, offset, object } : [];
  });
}

/** The last record in a batch that holds any. */
export function lastRecordOf(batch: Batch): LastRecord {
  const entry = batch.entryAt(batch.header.count - 1);
  return { offset: entry.offset, hash: recordHash(entry.timestamp, entryValue(entry)) };
}
