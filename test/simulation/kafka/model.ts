/**
 * What Kafka promises, as far as Authseal relies on it: partitions, the transaction coordinator with
 * its epochs and markers, and groups' offsets. `test/conformance/model.test.ts` holds each of these
 * behaviours against a real broker.
 */
import type { World } from '../world.ts';
import { protocolError } from './errors.ts';
import { Group } from './group.ts';
import { PartitionLog } from './partition-log.ts';

export type State = { readonly offset: number; readonly metadata: string };

type Transaction = {
  readonly id: string;
  readonly producerId: number;
  epoch: number;
  /** `ending`: decided, and not all markers stand yet. */
  phase: 'empty' | 'open' | 'ending' | 'ended';
  isCommit: boolean;
  /** After which it is aborted while it is open. Milliseconds. */
  timeout: number;
  cancelTimeout: () => void;
  readonly topics: Set<string>;
  readonly groups: Set<string>;
  /** The last transaction that missed a marker was of this epoch. */
  missedEpoch: number;
};

type Offsets = {
  committed: State | null;
  readonly pending: Map<number, State>;
};

/** One partition of one topic is enough: partitions share nothing. */
export class Kafka {
  readonly world: World;
  readonly topics = new Map<string, PartitionLog>();
  /** Committed and pending offsets, by group: each group keeps one partition's. */
  readonly offsets = new Map<string, Offsets>();
  /** How many clients that produce are told of no partition 0, when they ask which there are. */
  hiddenRate = 0;
  /** How many of a transaction's markers are missed out, as for a partition without a leader (KAFKA-20734). */
  missedRate = 0;
  /** How many of them were to show a state. */
  missedStates = 0;
  /** Told of each offset that becomes visible. */
  onState: (group: string, state: State) => void = () => {};
  /** Told of each transaction whose markers all stand. */
  onEnded: (transactionalId: string) => void = () => {};
  readonly #transactions = new Map<string, Transaction>();
  readonly #groups = new Map<string, Group>();
  #producerIds = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** Whether no transaction is open, nor waits for a marker. */
  get isQuiet(): boolean {
    return [...this.#transactions.values()].every(({ phase }) => !/open|ending/.test(phase));
  }

  topic(name: string): PartitionLog {
    const log = this.topics.get(name);
    if (log === undefined) throw protocolError('UNKNOWN_TOPIC_OR_PARTITION');
    return log;
  }

  createTopic(name: string): PartitionLog {
    const log = new PartitionLog();
    this.topics.set(name, log);
    return log;
  }

  group(name: string, topic: string): Group {
    const group = this.#groups.get(name) ?? new Group(this, topic);
    this.#groups.set(name, group);
    return group;
  }

  get groups(): Iterable<Group> {
    return this.#groups.values();
  }

  /** A partition's readers may have something to read. */
  flow(topic: string): void {
    for (const group of this.#groups.values()) if (group.topic === topic) group.flow();
  }

  offsetsOf(group: string): Offsets {
    const offsets = this.offsets.get(group) ?? { committed: null, pending: new Map() };
    this.offsets.set(group, offsets);
    return offsets;
  }

  newProducerId(): number {
    this.#producerIds += 1;
    return this.#producerIds;
  }

  /** InitProducerId: a newer epoch, when nothing of an older one is left. */
  initTransactionalId(id: string, timeout: number): { producerId: number; epoch: number } {
    const known = this.#transactions.get(id);
    if (known === undefined) {
      const fresh = { id, producerId: this.newProducerId(), epoch: 0, phase: 'empty' as const };
      this.#transactions.set(id, {
        ...fresh,
        isCommit: false,
        timeout,
        cancelTimeout: () => {},
        topics: new Set(),
        groups: new Set(),
        missedEpoch: -1,
      });
      return fresh;
    }
    if (known.phase === 'open') this.#fence(known);
    if (known.phase === 'ending') throw protocolError('CONCURRENT_TRANSACTIONS');
    known.epoch += 1;
    known.phase = 'empty';
    known.timeout = timeout;
    return known;
  }

  #fence(transaction: Transaction): void {
    transaction.epoch += 1;
    this.#decide(transaction, false);
  }

  addToTransaction(
    id: string,
    producerId: number,
    epoch: number,
    what: { topic?: string; group?: string },
  ) {
    const transaction = this.#owned(id, producerId, epoch);
    if (transaction.phase === 'ending') throw protocolError('CONCURRENT_TRANSACTIONS');
    if (transaction.phase !== 'open') {
      transaction.phase = 'open';
      transaction.cancelTimeout = this.world.after(transaction.timeout, null, () =>
        this.#fence(transaction),
      );
      transaction.topics.clear();
      transaction.groups.clear();
    }
    if (what.topic !== undefined) transaction.topics.add(what.topic);
    if (what.group !== undefined) transaction.groups.add(what.group);
  }

  /** A record or an offset is taken only into a transaction that is open for it (KIP-890). */
  verify(id: string, producerId: number, epoch: number, what: { topic?: string; group?: string }) {
    const { phase, topics, groups } = this.#owned(id, producerId, epoch);
    const isIn =
      phase === 'open' &&
      (what.topic === undefined ? groups.has(what.group as string) : topics.has(what.topic));
    if (!isIn) throw protocolError('INVALID_TXN_STATE');
  }

  endTransaction(id: string, producerId: number, epoch: number, isCommit: boolean): void {
    const transaction = this.#owned(id, producerId, epoch);
    const { phase } = transaction;
    const isRepeat = transaction.isCommit === isCommit;
    if (phase === 'open') {
      this.#decide(transaction, isCommit);
      return;
    }
    if (phase === 'ended' && isRepeat) return;
    throw protocolError(
      phase === 'ending' && isRepeat ? 'CONCURRENT_TRANSACTIONS' : 'INVALID_TXN_STATE',
    );
  }

  #owned(id: string, producerId: number, epoch: number): Transaction {
    const transaction = this.#transactions.get(id);
    if (transaction?.producerId !== producerId) throw protocolError('INVALID_PRODUCER_ID_MAPPING');
    if (transaction.epoch !== epoch) throw protocolError('INVALID_PRODUCER_EPOCH');
    return transaction;
  }

  /** From here on it is decided; the markers follow one by one, the answer does not wait for them. */
  #decide(transaction: Transaction, isCommit: boolean): void {
    transaction.phase = 'ending';
    transaction.isCommit = isCommit;
    transaction.cancelTimeout();
    const { world } = this;
    const { id, producerId, epoch, topics, groups } = transaction;
    world.tell(() => `${id} is to be ${isCommit ? 'committed' : 'aborted'}`);
    let left = topics.size + groups.size;
    let areAllMarked = true;
    // At most once for each owner: a state that misses two transactions is left to a person.
    const mayMiss = !world.isCalm && transaction.missedEpoch !== epoch;
    const done = () => {
      left -= 1;
      if (left > 0) return;
      transaction.phase = 'ended';
      if (isCommit && areAllMarked) this.onEnded(id);
    };
    const isMissed = (where: string) => {
      if (!mayMiss || !world.random.chance(this.missedRate)) return false;
      transaction.missedEpoch = epoch;
      world.tell(() => `${id} ends without a marker in ${where}`);
      areAllMarked = false;
      done();
      return true;
    };
    for (const topic of topics) {
      world.soon(null, () => {
        if (isMissed(topic)) return;
        this.topic(topic).mark(producerId, epoch, isCommit, world.now);
        this.flow(topic);
        done();
      });
    }
    for (const group of groups) {
      world.soon(null, () => {
        if (isMissed(group)) {
          this.missedStates += 1;
          return;
        }
        const { pending } = this.offsetsOf(group);
        const state = pending.get(producerId);
        pending.delete(producerId);
        if (isCommit && state !== undefined) this.#show(group, state);
        done();
      });
    }
  }

  #show(group: string, state: State): void {
    this.offsetsOf(group).committed = state;
    this.onState(group, state);
  }
}
