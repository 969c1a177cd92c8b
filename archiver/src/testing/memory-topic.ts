/**
 * One partition of the batches topic in memory, with its state: what Kafka keeps when archivers come
 * and go, and a consumer's fetches for each of them.
 */
import type { PartitionState } from '@authseal/runtime/kafka';
import type { Journal, JournalOwner } from '../journal.ts';
import type { Partition } from '../partition.ts';

/** Records in one fetch. */
const FETCH_SIZE = 3;

export class MemoryTopic {
  readonly values: (Buffer | null)[] = [];
  /** Offsets of what was written outside a transaction. */
  readonly #foreign = new Set<number>();
  /** Offsets below were dropped. */
  start = 0;
  state: PartitionState | null = null;
  readonly commits: PartitionState[] = [];
  /** Told before a commit takes effect, and after; what it throws reaches the caller. */
  interfere: (moment: 'before' | 'after') => void = () => {};
  #epoch = 0;
  #consumers = new Set<MemoryConsumer>();

  append(...values: (Buffer | null)[]): void {
    this.values.push(...values);
    for (const consumer of this.#consumers) consumer.flow();
  }

  /** Written outside a transaction. */
  appendForeign(...values: Buffer[]): void {
    for (const i of values.keys()) this.#foreign.add(this.values.length + i);
    this.append(...values);
  }

  isForeign = (offset: number): boolean => this.#foreign.has(offset);

  consumer(): MemoryConsumer {
    const consumer = new MemoryConsumer(this);
    this.#consumers.add(consumer);
    return consumer;
  }

  async own(): Promise<JournalOwner> {
    this.#epoch += 1;
    const epoch = this.#epoch;
    return {
      readState: async () => this.state,
      commit: async (state) => {
        this.interfere('before');
        if (epoch !== this.#epoch) throw new Error('fenced');
        this.state = state;
        this.commits.push(state);
        this.interfere('after');
      },
      close: async () => {},
    };
  }
}

export class MemoryConsumer implements Journal {
  /** Who is told of fetches. */
  partition: Partition | null = null;
  position = 0;
  isPaused = true;
  /** Its process is gone: nothing reaches anybody any more. */
  isDead = false;
  readonly #topic: MemoryTopic;

  constructor(topic: MemoryTopic) {
    this.#topic = topic;
  }

  open = () => this.#topic.own();
  offsets = async () => ({ start: this.#topic.start, end: this.#topic.values.length });

  seek(offset: number): void {
    this.position = offset;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    queueMicrotask(() => this.flow());
  }

  /** Fetches until there is nothing more, or it is paused. */
  flow(): void {
    const { values, start } = this.#topic;
    while (!this.isPaused && !this.isDead && this.position < values.length) {
      // As kafkajs: an offset out of range is that of the log's start.
      if (this.position < start) this.position = start;
      const from = this.position;
      const end = Math.min(from + FETCH_SIZE, values.length);
      this.position = end;
      const records = values.slice(from, end).map((value, i) => {
        const inTransaction = !this.#topic.isForeign(from + i);
        return { offset: from + i, timestamp: 0, inTransaction, key: null, headers: [], value };
      });
      const highWatermark = values.length;
      this.partition?.take({ partition: 0, fetchedOffset: from, end, highWatermark, records });
    }
  }
}
