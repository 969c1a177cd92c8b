/** What must hold whatever happened: checked on what is in Kafka and in S3, by plain means. */
import { createHash } from 'node:crypto';
import { type Batch, type Header, objectKey, readBatch } from '@authseal/ledger';
import type { Kafka, State } from './kafka/model.ts';
import type { Slot } from './kafka/partition-log.ts';
import type { BucketModel } from './s3/model.ts';
import { BATCHES, EVENTS, INGESTOR_STATE, type Told } from './services.ts';

export class Violation extends Error {}

function require(holds: boolean, message: () => string): asserts holds {
  if (!holds) throw new Violation(message());
}

export class Invariants {
  /** Versions that somebody else wrote to the bucket. */
  readonly strangers = new Set<string>();
  readonly #kafka: Kafka;
  readonly #bucket: BucketModel;
  readonly #batches = new Map<Buffer, Batch>();
  /** Batches below are known to be archived: a lock stays. */
  #archived = 0;

  constructor(kafka: Kafka, bucket: BucketModel) {
    this.#kafka = kafka;
    this.#bucket = bucket;
  }

  /** What was committed by an ingestor. */
  batches(): Slot[] {
    const log = this.#kafka.topic(BATCHES);
    return log.read(0, log.end, false).filter(({ inTransaction }) => inTransaction);
  }

  /** A transaction of the ingestor ended: its state speaks of a batch that is there. */
  checkSealed(): void {
    const { committed } = this.#kafka.offsetsOf(INGESTOR_STATE);
    if (committed === null) return;
    const { batchOffset, header } = JSON.parse(committed.metadata);
    const slot = this.#kafka.topic(BATCHES).slots[batchOffset];
    require(slot?.state === 'committed' && !slot.isMarker, () =>
      `the state speaks of a batch at ${batchOffset}, where none is committed`);
    const { headerHash } = this.#read(slot);
    require(headerHash.toString('base64') === header, () =>
      `the state speaks of another batch at ${batchOffset}`);
  }

  /** The place of the archiver moved: all up to there is in the bucket. */
  checkPlace(state: State): void {
    const { batch } = JSON.parse(state.metadata);
    const committed = this.batches();
    require(batch < committed.length, () => `the place is batch ${batch}, which was never sealed`);
    for (; this.#archived <= batch; this.#archived += 1) {
      const slot = committed[this.#archived] as Slot;
      require(this.#isArchived(slot), () =>
        `the place is batch ${batch}, and batch ${this.#archived} is not in the bucket`);
    }
  }

  /** All there is, when the last owners have come to the end; the archivers were right to stop (or not). */
  checkAll(told: Told, isStopped: boolean): void {
    const last = this.#checkLog();
    const { committed } = this.#kafka.offsetsOf(INGESTOR_STATE);
    if (committed !== null) {
      require(JSON.parse(committed.metadata).batch === last.batch + 1, () =>
        `the state is not that after batch ${last.batch}`);
    }
    this.#checkConfirmed(told);
    if (!isStopped) this.#checkArchive();
  }

  /** The committed batches are one chain and hold each record once, in order. */
  #checkLog(): Header {
    const events = this.#kafka.topic(EVENTS);
    let header: Buffer | null = null;
    let next = 0;
    let last: Header | undefined;
    const sealed: number[] = [];
    for (const [number, slot] of this.batches().entries()) {
      const batch = this.#read(slot);
      last = batch.header;
      const where = `batch ${last.batch} at ${slot.offset}`;
      require(last.batch === number, () => `${where} stands where batch ${number} is due`);
      require((last.previous?.header ?? null) === (header?.toString('base64') ?? null), () =>
        `${where} does not continue the one before`);
      require(last.offsets.from === next, () =>
        `${where} begins at ${last?.offsets.from}, not ${next}`);
      header = createHash('sha256').update(batch.headerBytes).digest();
      next = last.offsets.to;
      for (const entry of batch.entries()) {
        sealed.push(entry.offset);
        const sent = events.slots[entry.offset];
        const isSent = sent?.value != null && entry.raw?.value?.equals(sent.value);
        require(isSent === true, () => `${where} has at offset ${entry.offset} what was not sent`);
      }
      for (const { from, to } of last.lost) {
        require(to <= events.start, () => `${where} calls lost what is still there, below ${to}`);
        for (let offset = from; offset < to; offset += 1) {
          if (events.slots[offset]?.isMarker === false) sealed.push(offset);
        }
      }
    }
    require(last !== undefined, () => 'there is no batch');
    const due = events.slots.filter(({ isMarker }) => !isMarker).map(({ offset }) => offset);
    sealed.sort((a, b) => a - b);
    require(sealed.join() === due.join(), () => `sealed are ${sealed}, in the topic are ${due}`);
    return last;
  }

  /** Each event that the SDK confirmed stands where it said; a producer's events are in order. */
  #checkConfirmed({ confirmed }: Told): void {
    const { slots } = this.#kafka.topic(EVENTS);
    for (const { producer, value, place } of confirmed) {
      const slot = slots[place.offset];
      const isThere =
        slot?.key?.toString() === producer &&
        slot.value?.equals(value) === true &&
        Number(slot.headers['authseal-sequence']) === place.sequence;
      require(isThere, () => `event ${value} was confirmed at ${place.offset} and is not there`);
    }
    const next = new Map<string, number>();
    for (const { key, headers, offset } of slots) {
      if (key === null) continue;
      const due = next.get(key.toString()) ?? 0;
      const sequence = Number(headers['authseal-sequence']);
      require(sequence <= due, () =>
        `event ${sequence} of ${key} stands at ${offset}, ${due} is due`);
      if (sequence === due) next.set(key.toString(), due + 1);
    }
  }

  /** Every committed batch is in the bucket, locked, and no other batch is. */
  #checkArchive(): void {
    const committed = this.batches();
    for (const slot of committed) {
      require(this.#isArchived(slot), () => `the batch at ${slot.offset} is not in the bucket`);
    }
    const objects = new Set(committed.map(({ value }) => value?.toString('base64')));
    for (const [key, versions] of this.#bucket.versions) {
      for (const { versionId, body } of versions) {
        const isOurs = this.strangers.has(versionId) || objects.has(body.toString('base64'));
        require(isOurs, () => `${key} holds a batch that was never committed`);
      }
    }
  }

  #isArchived(slot: Slot): boolean {
    const { header } = this.#read(slot);
    return this.#bucket.of(objectKey('', header)).some(({ body, mode, retainUntil }) => {
      const isLocked = mode === 'COMPLIANCE' && Number(retainUntil) >= header.retainUntil;
      return isLocked && body.equals(slot.value as Buffer);
    });
  }

  #read({ value, offset }: Slot): Batch {
    const object = value as Buffer;
    const batch = this.#batches.get(object) ?? readable(object, offset);
    this.#batches.set(object, batch);
    return batch;
  }

  keyOf(slot: Slot): string {
    return objectKey('', this.#read(slot).header);
  }
}

function readable(object: Buffer, offset: number): Batch {
  try {
    return readBatch(object);
  } catch (error) {
    throw new Violation(`the batch at ${offset} is not sound: ${error}`);
  }
}
