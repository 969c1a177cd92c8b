/**
 * Which partitions are ours, and an archiver for each. At each join of the group all old ones are
 * ended, and only when they have ended do the new ones begin.
 */
import type { AssignmentListener, Fetched } from '@authseal/runtime/kafka';
import type { Partition } from './partition.ts';

export interface PartitionOwner {
  open(partition: number): Partition;
  ended(partition: number): void;
}

export class Assignment implements AssignmentListener {
  readonly #owner: PartitionOwner;
  #partitions: ReadonlyMap<number, Partition> = new Map();
  #changing: Promise<unknown> = Promise.resolve();
  #generation = 0;
  #isJoined = false;
  #heardAt = 0;

  constructor(owner: PartitionOwner) {
    this.#owner = owner;
  }

  /** Whether the group has given us our partitions; none is an answer too. */
  get isJoined(): boolean {
    return this.#isJoined;
  }

  /** When the group's coordinator last answered; milliseconds since 1970. */
  get heardAt(): number {
    return this.#heardAt;
  }

  get partitions(): ReadonlyMap<number, Partition> {
    return this.#partitions;
  }

  assigned(partitions: readonly number[]): void {
    // None may also mean that the consumer has lost its place; heartbeats tell.
    if (partitions.length > 0) this.#heardAt = Date.now();
    this.#generation += 1;
    const generation = this.#generation;
    this.#changing = Promise.all([this.#changing, this.#endAll()]).then(() => {
      // Another join may have come meanwhile.
      if (generation !== this.#generation) return;
      this.#partitions = new Map(partitions.map((number) => [number, this.#owner.open(number)]));
      this.#isJoined = true;
    });
  }

  fetched(fetched: Fetched): void {
    this.#partitions.get(fetched.partition)?.take(fetched);
  }

  heartbeat(): void {
    this.#heardAt = Date.now();
    for (const partition of this.#partitions.values()) partition.heartbeat();
  }

  /** Gives all partitions up; what is on its way is finished and committed. */
  async stop(): Promise<void> {
    this.#generation += 1;
    await Promise.all([this.#changing, this.#endAll()]);
  }

  async #endAll(): Promise<void> {
    const old = [...this.#partitions];
    this.#partitions = new Map();
    this.#isJoined = false;
    await Promise.all(old.map(([, partition]) => partition.stop()));
    for (const [number] of old) this.#owner.ended(number);
  }
}
