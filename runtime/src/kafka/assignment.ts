/**
 * Which partitions are ours, and an owner for each. The group may assign anew at any time: at each
 * join all old owners are ended, and only when they have ended do the new ones begin.
 */
import { failpoint } from '../failpoint.ts';
import type { AssignmentListener } from './assigned-consumer.ts';
import type { Fetched } from './record.ts';

/** What works on one partition while it is assigned. It begins when it is made. */
export interface PartitionOwner {
  /** What a fetch brought; synchronous, never throws. */
  take(fetched: Fetched): void;
  /** The group's coordinator answered: what failed may be tried again. */
  heartbeat(): void;
  /** Ends it; resolves when nothing more will happen. Never rejects. */
  stop(): Promise<void>;
}

/** Told of partitions, for metrics. */
export type AssignmentObserver = {
  /** The partition's owner has ended. */
  ended(partition: number): void;
  /** Its next records cannot be read, or can again. */
  unreadable(partition: number, isUnreadable: boolean): void;
};

export class Assignment<Owner extends PartitionOwner> implements AssignmentListener {
  readonly #open: (partition: number) => Owner;
  readonly #observer: AssignmentObserver;
  readonly #unreadable = new Map<number, string>();
  #owners: ReadonlyMap<number, Owner> = new Map();
  #changing: Promise<unknown> = Promise.resolve();
  #generation = 0;
  #isJoined = false;
  #isStopped = false;
  #heardAt = 0;

  /** @param open makes a partition's owner */
  constructor(open: (partition: number) => Owner, observer: AssignmentObserver) {
    this.#open = open;
    this.#observer = observer;
  }

  /** Why nothing is worked on now: none when the group has given us our partitions, be it none. */
  reasons(sessionTimeoutMs: number): string[] {
    if (!this.#isJoined || this.#heardAt === 0) {
      return ['the consumer group has not assigned partitions yet'];
    }
    const silence = Date.now() - this.#heardAt;
    if (silence > sessionTimeoutMs) return [`Kafka has not answered for ${silence} ms`];
    return [...this.#unreadable.values()];
  }

  get owners(): ReadonlyMap<number, Owner> {
    return this.#owners;
  }

  assigned(partitions: readonly number[]): void {
    this.#generation += 1;
    const generation = this.#generation;
    this.#changing = Promise.all([this.#changing, this.#endAll()]).then(() => {
      // Another join, or the end, may have come meanwhile.
      if (generation !== this.#generation || this.#isStopped) return;
      this.#owners = new Map(partitions.map((number) => [number, this.#open(number)]));
      this.#isJoined = true;
    });
  }

  fetched(fetched: Fetched): void {
    this.#owners.get(fetched.partition)?.take(fetched);
    if (fetched.records.length > 0) failpoint('fetched');
  }

  unreadable(partition: number, reason: string | null): void {
    if (reason === null) this.#unreadable.delete(partition);
    else this.#unreadable.set(partition, reason);
    this.#observer.unreadable(partition, reason !== null);
  }

  heartbeat(): void {
    this.#heardAt = Date.now();
    for (const owner of this.#owners.values()) owner.heartbeat();
  }

  /** Gives all partitions up. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([this.#changing, this.#endAll()]);
  }

  async #endAll(): Promise<void> {
    const old = [...this.#owners];
    this.#owners = new Map();
    this.#isJoined = false;
    await Promise.all(old.map(([, owner]) => owner.stop()));
    for (const [number] of old) this.#observer.ended(number);
  }
}
