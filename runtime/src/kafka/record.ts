/** Kafka records as the rest of Authseal sees them: numbers for offsets, headers as a list. */
import type { Batch } from 'kafkajs';
import { decodeSets, type RecordSet, type Undecodable } from './record-sets.ts';

export type KafkaRecord = {
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** Brokers that authorize take such a record from nobody who has no right to a transactional id. */
  readonly inTransaction: boolean;
  readonly key: Buffer | null;
  /** Names and values; several values of one name keep their order. */
  readonly headers: readonly (readonly [string, Buffer | null])[];
  readonly value: Buffer | null;
};

/** What a record that is kept takes in memory besides its value, about. Bytes. */
export const RECORD_OVERHEAD = 400;

/** What one fetch of a partition gave. Read it at once: its buffers are those of the response. */
export type Fetched = {
  readonly partition: number;
  /** The offset that was asked for: the answer covers [fetchedOffset, end). */
  readonly fetchedOffset: number;
  /** One after the last offset that the answer covers, markers included. */
  readonly end: number;
  /** One after the last record of the partition, whatever transactions are open. */
  readonly highWatermark: number;
  /** What stands in [fetchedOffset, end); an offset that is not among them is no record. */
  readonly records: readonly KafkaRecord[];
};

/**
 * A fetch as kafkajs gives it to eachBatch, its messages being record sets, and what in it cannot be read.
 * @param transactionsOnly as for decodeSets
 */
export function toFetched(
  batch: Batch,
  transactionsOnly = false,
): { fetched: Fetched; undecodable: Undecodable | null } {
  const fetchedOffset = Number((batch as Batch & { fetchedOffset: string }).fetchedOffset);
  const { records, undecodable } = decodeSets(
    batch.messages as unknown as RecordSet[],
    transactionsOnly,
  );
  const end = undecodable === null ? Number(batch.lastOffset()) + 1 : undecodable.from;
  const fetched = {
    partition: batch.partition,
    fetchedOffset,
    end: Math.max(end, fetchedOffset),
    highWatermark: Number(batch.highWatermark),
    // The first set may begin before the offset asked for.
    records: records.filter(({ offset }) => offset >= fetchedOffset),
  };
  return { fetched, undecodable };
}
