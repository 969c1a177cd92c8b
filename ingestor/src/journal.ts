/**
 * What a sealer writes to and recovers from, as it needs them; kafka-journal.ts is Kafka behind it.
 */
import type { KafkaRecord, PartitionState, ProduceResult } from '@authseal/runtime/kafka';

/**
 * One partition of the batches topic and the state that belongs to it. Of the topic's records only those
 * are shown that were written in transactions.
 */
export interface Journal {
  /** Becomes the only owner: ends any older owner's transaction and shuts it out. */
  open(): Promise<JournalWriter>;
  /** The committed state; null when there is none. */
  readState(): Promise<PartitionState | null>;
  /**
   * Shows committed records from the partition's end, in order, in growing windows, until `found`
   * answers; undefined when it never does. `whole`: these are all there are.
   */
  searchBatches<T>(
    found: (records: readonly KafkaRecord[], whole: boolean) => T | undefined,
  ): Promise<T | undefined>;
  /**
   * The committed records of [from, to); null when they are more than memory is kept for.
   * @param to at most the last stable offset
   */
  readCommitted(from: number, to: number): Promise<readonly KafkaRecord[] | null>;
  /**
   * As `readCommitted`, of those that are not committed, too.
   * @param to at most the high watermark
   */
  readUncommitted(from: number, to: number): Promise<readonly KafkaRecord[] | null>;
  /** Whether anybody has committed anything to it, in a transaction or not. */
  holdsRecords(): Promise<boolean>;
  /** @throws IngestorError TOPIC_UNFIT when there is no such partition */
  offsets(): Promise<JournalOffsets>;
  /** Of something that was found half done, for whoever looks into the logs. */
  warn(what: string): void;
}

/** Of the batches' partition. */
export type JournalOffsets = {
  readonly start: number;
  /** The last stable offset: what an open transaction holds back lies above. */
  readonly end: number;
  /** Asked before `end`: where it is above that, a transaction is open. */
  readonly highWatermark: number;
};

/** One owner's transactions. After any error it is closed and never used again. */
export interface JournalWriter {
  begin(): Promise<void>;
  send(batch: Buffer): Promise<ProduceResult[]>;
  sendState(state: PartitionState): Promise<void>;
  commit(): Promise<void>;
  abort(): Promise<void>;
  close(): Promise<void>;
}

/** One partition of the events topic. */
export interface Source {
  /** The next fetch begins at `offset`. */
  seek(offset: number): void;
  pause(): void;
  resume(): void;
  /** Where the log begins, and its high watermark. */
  offsets(): Promise<{ start: number; end: number }>;
  /** How many partitions the topic has. */
  partitions(): Promise<number>;
}

export interface Clock {
  /** Milliseconds since 1970, as the machine has it. */
  now(): number;
  /** Milliseconds that never run back. */
  elapsed(): number;
  /** Calls back once after `ms`; returns what takes it back. */
  after(ms: number, callback: () => void): () => void;
}
