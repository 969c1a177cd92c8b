/** An object that may be a batch of a log: in the batches topic, or in a region. */
import {
  type Batch,
  checkpointSigners,
  type DeploymentKeys,
  encodeBase64,
  entryValue,
  type Header,
  type LastRecord,
  LedgerError,
  type LogHead,
  readBatch,
  recordHash,
} from '@authseal/ledger';
import type { KafkaRecord } from '@authseal/runtime/kafka';

/** An authentic batch, without its entries. */
export type OurBatch = {
  readonly header: Header;
  readonly headerHash: Buffer;
  /** The log after it. */
  readonly head: LogHead;
  /** Its last record; null when it holds none. */
  readonly last: LastRecord | null;
  readonly object: Buffer;
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
    const { header, headerHash, head, note } = batch;
    if (header.origin !== origin) return null;
    const signers = checkpointSigners(note, origin, keys);
    const newest = keys.keys[signers.at(-1) as number];
    const key = encodeBase64(newest?.publicKey as Buffer);
    return { header, headerHash, head, last: lastRecordOf(batch), object, signers, key };
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}

function lastRecordOf(batch: Batch): LastRecord | null {
  if (batch.header.count === 0) return null;
  const entry = batch.entryAt(batch.header.count - 1);
  return { offset: entry.offset, hash: recordHash(entry.timestamp, entryValue(entry)) };
}

export type OurBatchAt = OurBatch & { readonly offset: number };

/** The authentic batches of the log among the topic's records. */
export function batchesAmong(
  records: readonly KafkaRecord[],
  origin: string,
  keys: DeploymentKeys,
): OurBatchAt[] {
  return records.flatMap(({ value, offset }) => {
    const ours = value && readOurBatch(value, origin, keys);
    return ours ? { ...ours, offset } : [];
  });
}

/** That of the highest number; of those the first, as an archiver takes it. */
export const newestOf = (batches: readonly OurBatchAt[]): OurBatchAt | undefined =>
  batches.toSorted((a, b) => b.header.batch - a.header.batch)[0];

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
  const byHeader = new Map(reversed.map((ours) => [encodeBase64(ours.headerHash), ours]));
  let found = byHeader.get(headerHash === null ? '' : encodeBase64(headerHash));
  while (found !== undefined) {
    yield found;
    found = byHeader.get(found.header.previous?.header ?? '');
  }
}
