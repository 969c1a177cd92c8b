/** What happens around Authseal, in Kafka and in the bucket, none of which may break a promise. */
import type { Invariants } from './invariants.ts';
import type { Kafka } from './kafka/model.ts';
import type { Slot } from './kafka/partition-log.ts';
import { type BucketModel, type NewVersion, sha256 } from './s3/model.ts';
import { ARCHIVER_STATE, BATCHES, EVENTS, INGESTOR_STATE } from './services.ts';
import type { World } from './world.ts';

export class Surroundings {
  readonly #world: World;
  readonly #kafka: Kafka;
  readonly #bucket: BucketModel;
  readonly #invariants: Invariants;

  /** Somebody wrote to the batches topic. */
  hasCopied = false;

  constructor(kafka: Kafka, bucket: BucketModel, invariants: Invariants) {
    this.#world = kafka.world;
    this.#kafka = kafka;
    this.#bucket = bucket;
    this.#invariants = invariants;
  }

  /** What is going to happen in one schedule. */
  choose(): (() => void)[] {
    const all: [chance: number, what: () => void][] = [
      [0.3, () => this.#rebalance()],
      [0.2, () => this.#changeLeader()],
      [0.3, () => this.#foreignTransaction()],
      [0.15, () => this.#dropEvents()],
      [0.1, () => this.#dropBatches()],
      [0.1, () => this.#loseState()],
      [0.25, () => this.#attack()],
      [0.2, () => this.#copyBatch()],
    ];
    return all.flatMap(([chance, what]) => (this.#world.random.chance(chance) ? [what] : []));
  }

  #rebalance(): void {
    for (const group of this.#kafka.groups) group.assign();
  }

  #changeLeader(): void {
    const log = this.#kafka.topic(this.#world.random.pick([EVENTS, BATCHES]));
    this.#world.tell(() => 'the leader changes');
    log.changeLeader();
  }

  /** Somebody else writes to the events topic, in a transaction that stays open for a while. */
  #foreignTransaction(): void {
    const { random } = this.#world;
    const log = this.#kafka.topic(EVENTS);
    const producerId = this.#kafka.newProducerId();
    const record = { key: null, value: Buffer.from('foreign'), headers: {} };
    const records = Array.from({ length: 1 + random.below(2) }, () => record);
    const batch = { producerId, epoch: 0, sequence: 0, isTransactional: true, records };
    log.replicate(log.append(batch, this.#world.now).end);
    this.#kafka.flow(EVENTS);
    this.#world.after(random.below(20_000), null, () => {
      log.mark(producerId, 0, random.chance(0.3), this.#world.now);
      this.#kafka.flow(EVENTS);
    });
  }

  /** Retention: what is sealed is dropped; now and then what is not, too. */
  #dropEvents(): void {
    const { random } = this.#world;
    const log = this.#kafka.topic(EVENTS);
    const sealed = this.#kafka.offsetsOf(INGESTOR_STATE).committed?.offset ?? 0;
    const limit = random.chance(0.4) ? log.replicated : Math.min(sealed, log.replicated);
    log.start = Math.max(log.start, random.below(limit + 1));
    this.#world.tell(() => `events begin at ${log.start}`);
  }

  /** Retention of batches: of those that are archived, and never of the newest. */
  #dropBatches(): void {
    const log = this.#kafka.topic(BATCHES);
    log.start = Math.max(log.start, this.#world.random.below(this.#lastToKeep() + 1));
    this.#world.tell(() => `batches begin at ${log.start}`);
  }

  /** Of all but the newest, as after weeks. */
  dropOldBatches(): void {
    const log = this.#kafka.topic(BATCHES);
    log.start = Math.max(log.start, this.#lastToKeep());
    this.#world.tell(() => `batches begin at ${log.start}, after a long time`);
  }

  #lastToKeep(): number {
    const archived = this.#kafka.offsetsOf(ARCHIVER_STATE).committed?.offset ?? 0;
    const newest = this.#invariants.batches().at(-1)?.offset ?? 0;
    return Math.min(archived, newest);
  }

  /** Kafka drops the offsets of a group that nobody used for a week. */
  #loseState(): void {
    const group = this.#world.random.pick([INGESTOR_STATE, ARCHIVER_STATE]);
    this.#kafka.offsetsOf(group).committed = null;
    this.#world.tell(() => `the state of ${group} is lost`);
  }

  /** Somebody else writes to the bucket: what he likes, or what he has read in the topic. */
  #attack(): void {
    const { random, now } = this.#world;
    // Rather where the archivers are at work.
    const slot = random.pick(this.#invariants.batches().slice(-2)) as Slot | undefined;
    if (slot === undefined) return;
    const body = random.chance(0.5) ? (slot.value as Buffer) : Buffer.from('garbage');
    const isLocked = random.chance(0.3);
    const version: NewVersion = {
      body,
      isDeleteMarker: random.chance(0.2),
      checksum: sha256(body),
      mode: isLocked ? 'COMPLIANCE' : null,
      retainUntil: isLocked ? new Date(now + 86_400_000) : null,
    };
    this.#world.tell(() => 'somebody writes to the bucket');
    this.#invariants.strangers.add(this.#bucket.add(this.#invariants.keyOf(slot), version));
  }

  /** Somebody else writes to the batches topic what he has read there, committed or not. */
  #copyBatch(): void {
    const { random, now } = this.#world;
    const log = this.#kafka.topic(BATCHES);
    const slots = log.read(0, log.end, true);
    const aborted = slots.filter(({ state }) => state !== 'committed');
    const slot = random.pick(aborted.length > 0 ? aborted : slots) as Slot | undefined;
    if (slot === undefined) return;
    const none = { producerId: -1, epoch: -1, sequence: -1, isTransactional: false };
    const { key, value, headers } = slot;
    const { offset, end } = log.append({ ...none, records: [{ key, value, headers }] }, now);
    log.replicate(end);
    this.hasCopied = true;
    this.#kafka.flow(BATCHES);
    this.#world.tell(() => `somebody copies the batch at ${slot.offset} to ${offset}`);
  }
}
