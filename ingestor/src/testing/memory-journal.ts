/**
 * A journal in memory that keeps Kafka's promises as far as a sealer relies on them: a transaction
 * is seen whole or not at all, a later owner shuts an earlier one out, an answer may be lost after
 * the deed was done. It fails, and misses markers out (take-over.ts), where it is told to.
 */
import type { KafkaRecord, PartitionState, ProduceResult } from '@authseal/runtime/kafka';
import type { Journal, JournalOffsets, JournalWriter } from '../journal.ts';

export type Step = 'open' | 'begin' | 'send' | 'sendState' | 'commit' | 'abort';

/** Where a transaction's marker is due. */
export type Marked = 'batches' | 'state';

export class MemoryJournal implements Journal {
  readonly topic = 'auth-batches';
  /** Committed batches by offset; a marker stands after each transaction. */
  readonly committed: KafkaRecord[] = [];
  /** Batches without a marker, also of transactions that have ended: the next marker decides. */
  readonly leftOpen: KafkaRecord[] = [];
  readonly aborted: KafkaRecord[] = [];
  readonly warnings: string[] = [];
  /** Somebody else's transaction is open from this offset on. */
  foreignFrom: number | null = null;
  state: PartitionState | null = null;
  /** What the broker answers to a batch, when it is not the truth. */
  answer: ((truth: ProduceResult) => ProduceResult[]) | null = null;
  start = 0;
  end = 0;
  #epoch = 0;
  #isOpen = false;
  #fault: { step: Step; isDone: boolean } | null = null;
  #missing = new Set<Marked>();

  /** The next call of this step fails: before it was done, or after, its answer lost. */
  failAt(step: Step, isDone = false): void {
    this.#fault = { step, isDone };
  }

  /** The markers of the next transaction to end are missed out here. */
  missMarkers(...where: Marked[]): void {
    this.#missing = new Set(where);
  }

  async open(): Promise<JournalWriter> {
    await this.#maybeFail('open', false);
    this.#epoch += 1;
    const epoch = this.#epoch;
    let state: PartitionState | null = null;
    let isClosed = false;
    let isBegun = false;
    if (this.#isOpen) this.#mark(this.aborted);
    const step = async (name: Step, deed: () => void) => {
      if (isClosed) throw new Error(`${name} on a closed writer`);
      if (epoch !== this.#epoch) throw new Error('fenced');
      await this.#maybeFail(name, false);
      deed();
      await this.#maybeFail(name, true);
    };
    return {
      begin: () =>
        step('begin', () => {
          if (isBegun) throw new Error('there is a transaction already');
          isBegun = true;
          state = null;
        }),
      send: async (value) => {
        const offset = this.end;
        await step('send', () => {
          const record = { offset, timestamp: Date.now(), inTransaction: true, value };
          this.leftOpen.push({ ...record, key: null, headers: [] });
          this.end += 1;
          this.#isOpen = true;
        });
        const truth = { topic: this.topic, partition: 0, errorCode: 0, offset };
        const result = { ...truth, logAppendTime: Date.now() };
        return this.answer?.(result) ?? [result];
      },
      sendState: (next) =>
        step('sendState', () => {
          state = next;
        }),
      commit: () =>
        step('commit', () => {
          isBegun = false;
          if (!this.#missing.has('state')) this.state = state ?? this.state;
          if (this.#isOpen) this.#mark(this.committed);
        }),
      abort: () =>
        step('abort', () => {
          isBegun = false;
          this.#mark(this.aborted);
        }),
      async close() {
        isClosed = true;
      },
    };
  }

  warn(what: string): void {
    this.warnings.push(what);
  }

  /** Retention, or somebody, drops all batches. */
  empty(): void {
    this.committed.length = 0;
    this.start = this.end;
  }

  async readState(): Promise<PartitionState | null> {
    return this.state;
  }

  async searchBatches<T>(
    found: (records: readonly KafkaRecord[], whole: boolean) => T | undefined,
  ): Promise<T | undefined> {
    return this.committed.length === 0 ? undefined : found(this.committed, true);
  }

  async readCommitted(from: number, to: number): Promise<readonly KafkaRecord[] | null> {
    if (from < this.start || to > this.end) throw new Error(`there is no [${from}, ${to})`);
    return this.committed.filter(({ offset }) => offset >= from && offset < to);
  }

  async readUncommitted(from: number, to: number): Promise<readonly KafkaRecord[]> {
    if (from < this.start || to > this.end) throw new Error(`there is no [${from}, ${to})`);
    return [...this.committed, ...this.leftOpen, ...this.aborted]
      .filter(({ offset }) => offset >= from && offset < to)
      .sort((a, b) => a.offset - b.offset);
  }

  async holdsRecords(): Promise<boolean> {
    return this.committed.length > 0;
  }

  async offsets(): Promise<JournalOffsets> {
    const end = Math.min(this.leftOpen[0]?.offset ?? this.end, this.foreignFrom ?? this.end);
    return { start: this.start, end, highWatermark: this.end };
  }

  /** The transaction's marker, which decides for all that is open; unless it is missed out. */
  #mark(as: KafkaRecord[]): void {
    const isMissed = this.#missing.has('batches');
    this.#missing.clear();
    this.#isOpen = false;
    if (isMissed) return;
    as.push(...this.leftOpen.splice(0));
    this.end += 1;
  }

  async #maybeFail(step: Step, isDone: boolean): Promise<void> {
    if (this.#fault?.step !== step || this.#fault.isDone !== isDone) return;
    this.#fault = null;
    throw new Error(`${step} failed${isDone ? ', though it was done' : ''}`);
  }
}
