/** Kafka records as the rest of Authseal sees them: numbers for offsets, headers as a list. */
import type { Batch, KafkaMessage } from 'kafkajs';
import type { Undecodable } from './record-sets.ts';

export type KafkaRecord = {
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  /** Names and values; several values of one name keep their order. */
  readonly headers: readonly (readonly [string, Buffer | null])[];
  readonly value: Buffer | null;
};

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

/** A fetch as kafkajs gives it to eachBatch, and what it ended with that cannot be read. */
export function toFetched(batch: Batch): { fetched: Fetched; undecodable: Undecodable | null } {
  const fetchedOffset = Number((batch as Batch & { fetchedOffset: string }).fetchedOffset);
  const last = batch.messages.at(-1) as { undecodable?: Undecodable } | undefined;
  const undecodable = last?.undecodable ?? null;
  const messages = undecodable === null ? batch.messages : batch.messages.slice(0, -1);
  const end = undecodable === null ? Number(batch.lastOffset()) + 1 : undecodable.from;
  const fetched = {
    partition: batch.partition,
    fetchedOffset,
    end: Math.max(end, fetchedOffset),
    highWatermark: Number(batch.highWatermark),
    records: messages.map(toRecord),
  };
  return { fetched, undecodable };
}

function toRecord(message: KafkaMessage): KafkaRecord {
  return {
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key,
    headers: toHeaders(message.headers),
    value: message.value,
  };
}

/** kafkajs has headers in an object (record-decoder.ts): a value, or several of one name in an array. */
function toHeaders(headers: KafkaMessage['headers']): KafkaRecord['headers'] {
  const list: [string, Buffer | null][] = [];
  for (const name in headers) {
    const values = headers[name] as Buffer | null | (Buffer | null)[];
    if (Array.isArray(values)) for (const value of values) list.push([name, value]);
    else list.push([name, values]);
  }
  return list;
}
