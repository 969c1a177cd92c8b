/**
 * What a partition's owner must know to go on, as it is committed with each batch: the next source
 * offset, and as its metadata one JSON text of at most 4,096 bytes with all the rest.
 */
import {
  CompactRange,
  decodeBase64,
  encodeBase64,
  type LastRecord,
  type LogHead,
} from '@authseal/ledger';
import type { PartitionState } from '@authseal/runtime/kafka';
import { IngestorError } from './error.ts';
import { MAX_STATE_BYTES } from './limits.ts';

/** Where a partition stands. */
export type Position = {
  readonly head: LogHead;
  /** The last record sealed; null when there was none yet. By it the source is known again. */
  readonly last: LastRecord | null;
  /** Offset of the last batch in the batches topic. */
  readonly batchOffset: number;
  /** Public key that sealed the last batch, base64. */
  readonly key: string;
};

/** @throws IngestorError STATE_CONTRADICTED when it would be too long: a log of 2^60 leaves would not be */
export function encodeState({ head, last, batchOffset, key }: Position): PartitionState {
  const metadata = JSON.stringify({
    v: 1,
    batch: head.batch,
    size: head.range.end,
    range: head.range.hashes.map(encodeBase64),
    header: head.header && encodeBase64(head.header),
    sealedAt: head.sealedAt,
    retainUntil: head.retainUntil,
    closed: head.closed,
    last: last && { offset: last.offset, hash: encodeBase64(last.hash) },
    batchOffset,
    key,
  });
  if (Buffer.byteLength(metadata) > MAX_STATE_BYTES) {
    throw new IngestorError(
      'STATE_CONTRADICTED',
      `The state of ${head.origin} has ${Buffer.byteLength(metadata)} bytes, more than a broker takes.`,
    );
  }
  return { offset: head.offset, metadata };
}

/** The position, or null when the metadata is not what `encodeState` writes (a reset by hand leaves none). */
export function decodeState(origin: string, { offset, metadata }: PartitionState): Position | null {
  try {
    const { v, batch, size, range, header, sealedAt, retainUntil, closed, last, batchOffset, key } =
      JSON.parse(metadata);
    if (v !== 1) return null;
    const head: LogHead = {
      origin,
      batch,
      range: CompactRange.of(0, size, range.map(decodeBase64)),
      header: decodeBase64(header),
      offset,
      sealedAt,
      retainUntil,
      closed,
    };
    const lastRecord = last && { offset: last.offset, hash: decodeBase64(last.hash) as Buffer };
    return { head, last: lastRecord, batchOffset, key };
  } catch {
    return null;
  }
}
