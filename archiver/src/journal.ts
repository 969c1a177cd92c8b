/** One partition of the batches topic as its archiver needs it; kafka-journal.ts is Kafka behind it. */
import type { PartitionState } from '@authseal/runtime/kafka';

export interface Journal {
  /** Becomes the only owner: whoever had the partition before can commit no more. */
  open(): Promise<JournalOwner>;
  /** Where the partition begins, and where it ends as far as transactions are decided. */
  offsets(): Promise<{ start: number; end: number }>;
  /** The next fetch begins at `offset`. */
  seek(offset: number): void;
  pause(): void;
  resume(): void;
}

/** The state of a partition in the hand of its owner. After any error it is closed and opened anew. */
export interface JournalOwner {
  /** Null when nothing is committed. */
  readState(): Promise<PartitionState | null>;
  commit(state: PartitionState): Promise<void>;
  close(): Promise<void>;
}
