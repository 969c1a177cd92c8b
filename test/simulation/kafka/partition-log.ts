/**
 * One partition as its leader keeps it (KIP-98): records and markers by offset, and for each producer
 * the last sequence numbers, by which a batch that came before is answered and not written again.
 */
import { protocolError } from './errors.ts';

export type Batch = {
  /** -1: a producer that is neither idempotent nor transactional. */
  readonly producerId: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly isTransactional: boolean;
  readonly records: readonly NewRecord[];
};

export type NewRecord = {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
};

export type Slot = NewRecord & {
  readonly offset: number;
  readonly timestamp: number;
  readonly isMarker: boolean;
  readonly inTransaction: boolean;
  /** `open` until its transaction's marker stands. */
  state: 'committed' | 'open' | 'aborted';
};

export type Appended = {
  readonly offset: number;
  readonly end: number;
  readonly timestamp: number;
};

type Sent = Appended & { readonly first: number; readonly last: number };
type Producer = { epoch: number; sent: readonly Sent[]; openFrom: number | null };

/** Of so many batches a producer's sequence numbers are kept. */
const BATCHES_KEPT = 5;

export class PartitionLog {
  readonly slots: Slot[] = [];
  start = 0;
  /** The high watermark: what all in-sync replicas have. */
  replicated = 0;
  leader = 1;
  readonly #producers = new Map<number, Producer>();
  /** Producers as they were before each append that is not replicated yet. */
  #undo: { offset: number; producerId: number; before: Producer | undefined }[] = [];

  get end(): number {
    return this.slots.length;
  }

  /** The last stable offset: what lies above is held back from readers of committed records. */
  get stable(): number {
    let stable = this.replicated;
    for (const { openFrom } of this.#producers.values()) {
      if (openFrom !== null) stable = Math.min(stable, openFrom);
    }
    return stable;
  }

  append(batch: Batch, now: number): Appended {
    const { producerId, epoch, sequence, isTransactional, records } = batch;
    const before = this.#producers.get(producerId);
    if (producerId >= 0) {
      const repeat = this.#check(before, epoch, sequence, sequence + records.length - 1);
      if (repeat !== null) return repeat;
    }
    const offset = this.end;
    for (const record of records) {
      const state = isTransactional ? 'open' : 'committed';
      const slot = { ...record, offset: this.end, timestamp: now, inTransaction: isTransactional };
      this.slots.push({ ...slot, isMarker: false, state });
    }
    const appended = { offset, end: this.end, timestamp: now };
    if (producerId >= 0) {
      const sent = before?.epoch === epoch ? before.sent.slice(1 - BATCHES_KEPT) : [];
      const last = sequence + records.length - 1;
      const openFrom = before?.openFrom ?? (isTransactional ? offset : null);
      this.#producers.set(producerId, {
        epoch,
        sent: [...sent, { ...appended, first: sequence, last }],
        openFrom,
      });
      this.#undo.push({ offset, producerId, before });
    }
    return appended;
  }

  /** The batch this one repeats, or null when it is the one that is due. */
  #check(known: Producer | undefined, epoch: number, first: number, last: number): Sent | null {
    if (known === undefined) return null;
    if (epoch < known.epoch) throw protocolError('INVALID_PRODUCER_EPOCH');
    const isSameEpoch = epoch === known.epoch;
    const repeat =
      isSameEpoch && known.sent.find((sent) => sent.first === first && sent.last === last);
    if (repeat) return repeat;
    const due = isSameEpoch ? (known.sent.at(-1)?.last ?? -1) + 1 : 0;
    if (first !== due) throw protocolError('OUT_OF_ORDER_SEQUENCE_NUMBER');
    return null;
  }

  /** All up to here is on all in-sync replicas. */
  replicate(end: number): void {
    this.replicated = Math.max(this.replicated, end);
    this.#undo = this.#undo.filter(({ offset }) => offset >= this.replicated);
  }

  /** Ends a producer's transaction here; one that writes under an older epoch is refused from now on. */
  mark(producerId: number, epoch: number, isCommit: boolean, now: number): void {
    const producer = this.#producers.get(producerId);
    for (let i = producer?.openFrom ?? this.end; i < this.end; i += 1) {
      const slot = this.slots[i] as Slot;
      if (slot.state === 'open') slot.state = isCommit ? 'committed' : 'aborted';
    }
    const nothing = { key: null, value: null, headers: {} };
    this.slots.push({
      ...nothing,
      offset: this.end,
      timestamp: now,
      isMarker: true,
      inTransaction: true,
      state: 'committed',
    });
    const sent = producer?.epoch === epoch ? producer.sent : [];
    this.#producers.set(producerId, { epoch, sent, openFrom: null });
    this.replicate(this.end);
  }

  /** Another replica leads: what was not replicated is gone. */
  changeLeader(): void {
    this.leader = 3 - this.leader;
    for (const { producerId, before } of this.#undo.reverse()) {
      if (before === undefined) this.#producers.delete(producerId);
      else this.#producers.set(producerId, before);
    }
    this.#undo = [];
    this.slots.length = this.replicated;
  }

  /** What a reader sees of [from, to). */
  read(from: number, to: number, isUncommitted: boolean): Slot[] {
    return this.slots
      .slice(from, to)
      .filter(({ isMarker, state }) => !isMarker && (isUncommitted || state === 'committed'));
  }
}
