/**
 * Which partitions are ours, and a sealer for each. The group may reassign at any time: the old
 * sealers are ended, and only when all have ended does the new assignment begin.
 */
import type { AssignmentListener, Fetched } from '@authseal/runtime/kafka';
import type { Sealer } from './sealer.ts';

export class Assignment implements AssignmentListener {
  readonly #open: (partition: number) => Sealer;
  #sealers = new Map<number, Sealer>();
  #changing: Promise<void> = Promise.resolve();
  #generation = 0;
  #joined = false;
  #stopped = false;

  constructor(open: (partition: number) => Sealer) {
    this.#open = open;
  }

  /** Whether the group has given us our partitions (none is an answer too). */
  get joined(): boolean {
    return this.#joined;
  }

  get sealers(): ReadonlyMap<number, Sealer> {
    return this.#sealers;
  }

  assigned(partitions: readonly number[]): void {
    this.#generation += 1;
    const generation = this.#generation;
    const old = [...this.#sealers.values()];
    this.#sealers = new Map();
    this.#joined = false;
    const ended = Promise.all(old.map((sealer) => sealer.stop()));
    this.#changing = Promise.all([this.#changing, ended]).then(() => {
      if (generation !== this.#generation || this.#stopped) return;
      this.#sealers = new Map(partitions.map((partition) => [partition, this.#open(partition)]));
      this.#joined = true;
    });
  }

  fetched(fetched: Fetched): void {
    this.#sealers.get(fetched.partition)?.take(fetched);
  }

  heartbeat(): void {
    for (const sealer of this.#sealers.values()) sealer.heartbeat();
  }

  /** Gives all partitions up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.assigned([]);
    await this.#changing;
  }
}
