/**
 * A journal in memory that keeps Kafka's promises as far as a sealer relies on them: a transaction
 * is seen whole or not at all, a later owner shuts an earlier one out, an answer may be lost after
 * the deed was done. It fails where it is told to.
 */
import type { KafkaRecord, PartitionState, ProduceResult } from '@authseal/runtime/kafka';
import type { Journal, JournalWriter } from '../journal.ts';

export type Step = 'open' | 'begin' | 'send' | 'sendState' | 'commit';

export class MemoryJournal implements Journal {
  readonly topic = 'auth-batches';
  /** Committed batches by offset; a marker stands after each transaction. */
  readonly committed: KafkaRecord[] = [];
  state: PartitionState | null = null;
  /** What the broker answers to a batch, when it is not the truth. */
  answer: ((truth: ProduceResult) => ProduceResult[]) | null = null;
  start = 0;
  end = 0;
  #epoch = 0;
  #fault: { step: Step; isDone: boolean } | null = null;

  /** The next call of this step fails: before it was done, or after, its answer lost. */
  failAt(step: Step, isDone = false): void {
    this.#fault = { step, isDone };
  }

  async open(): Promise<JournalWriter> {
    await this.#maybeFail('open', false);
    this.#epoch += 1;
    const epoch = this.#epoch;
    let pending: { batches: KafkaRecord[]; state?: PartitionState } = { batches: [] };
    let isClosed = false;
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
          pending = { batches: [] };
        }),
      send: async (value) => {
        const offset = this.end;
        await step('send', () => {
          const timestamp = Date.now();
          pending.batches.push({ offset, timestamp, key: null, headers: [], value });
          this.end += 1;
        });
        const truth = { topic: this.topic, partition: 0, errorCode: 0, offset };
        const result = { ...truth, logAppendTime: Date.now() };
        return this.answer?.(result) ?? [result];
      },
      sendState: (state) =>
        step('sendState', () => {
          pending.state = state;
        }),
      commit: () =>
        step('commit', () => {
          this.committed.push(...pending.batches);
          this.state = pending.state ?? this.state;
          this.end += 1;
        }),
      async close() {
        isClosed = true;
      },
    };
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

  async offsets(): Promise<{ start: number; end: number }> {
    return { start: this.start, end: this.end };
  }

  async #maybeFail(step: Step, isDone: boolean): Promise<void> {
    if (this.#fault?.step !== step || this.#fault.isDone !== isDone) return;
    this.#fault = null;
    throw new Error(`${step} failed${isDone ? ', though it was done' : ''}`);
  }
}
