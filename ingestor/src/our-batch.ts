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

/** Whoever may write to the topic can put copies of older ones behind it. Of copies, the first. */
export const newestOf = (batches: readonly OurBatchAt[]): OurBatchAt | undefined =>
  batches.toSorted((a, b) => b.batch.header.batch - a.batch.header.batch)[0];

/**
 * The batch with that header hash, and as many before it, newest first, as are there without a hole; of
 * copies the first.
 * @param headerHash null before the first batch
 */
export function* backFrom(
  headerHash: Buffer | null,
  batches: readonly OurBatchAt[],
): Generator<OurBatchAt> {
  const reversed = batches.toReversed();
  const byHeader = new Map(reversed.map((ours) => [encodeBase64(ours.batch.headerHash), ours]));
  let found = byHeader.get(headerHash === null ? '' : encodeBase64(headerHash));
  while (found !== undefined) {
    yield found;
    found = byHeader.get(found.batch.header.previous?.header ?? '');
  }
}

/** The last record in a batch that holds any. */
export function lastRecordOf(batch: Batch): LastRecord {
  const entry = batch.entryAt(batch.header.count - 1);
  return { offset: entry.offset, hash: recordHash(entry.timestamp, entryValue(entry)) };
}
