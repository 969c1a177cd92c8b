/**
 * One partition of the batches topic on its way into one region's bucket. Records are taken in
 * order, several are on their way to S3 at once, and the place in the log is committed in order
 * (flights.ts).
 *
 * The place moves only with batches of ours. So a record that was passed over is looked at again
 * after a restart until a batch after it is archived: with a wrong key file nothing is skipped.
 */
import { type DeploymentKeys, objectKey } from '@authseal/ledger';
import type { Fetched } from '@authseal/runtime/kafka';
import { archiveBatch, findKept, type Outcome } from './archive-batch.ts';
import { bridgeGap } from './bridge-gap.ts';
import { decodePlace, encodePlace, type Place, stepTo } from './continuity.ts';
import { ArchiverError } from './error.ts';
import { findPlace, holdsBatch } from './find-place.ts';
import { Flights } from './flights.ts';
import { Intake, type Waiting } from './intake.ts';
import type { Journal, JournalOwner } from './journal.ts';
import { MAX_PUTS } from './limits.ts';
import { checkRetention } from './max-retention.ts';
import { type OurBatch, readOurBatch } from './our-batch.ts';
import { persist } from './persist.ts';
import type { ArchiveWatch, Clock, Store } from './store.ts';

/** Told what the partition does. */
export interface PartitionWatch extends ArchiveWatch {
  /** The place is known, or `null` when the bucket will be asked for it. */
  opened(place: Place | null): void;
  archived(batch: OurBatch, outcome: Outcome | 'repeat'): void;
  /** The record at `offset` is not ours. */
  passedOver(error: ArchiverError, offset: number): void;
  /** All up to this batch is archived, and that is committed. */
  committed(batch: OurBatch): void;
  /** Records not yet archived, transaction markers counted. */
  lag(records: number): void;
  /** Kafka failed; the partition is opened again at the next heartbeat. */
  failed(error: unknown): void;
  /** Nothing more happens here until somebody has looked. */
  stopped(error: ArchiverError): void;
}

export type PartitionOptions = {
  readonly origin: string;
  readonly prefix: string;
  readonly keys: DeploymentKeys;
  /** Longest lock from now, in milliseconds. */
  readonly maxRetention: number;
  readonly store: Store;
  readonly clock: Clock;
  /** Resolves when the next batch may be checked. */
  readonly turn: () => Promise<void>;
  readonly journal: Journal;
  readonly watch: PartitionWatch;
};

export class Partition {
  /** Resolves when the partition was stopped, or has stopped by itself. */
  readonly ended: Promise<void>;
  readonly #options: PartitionOptions;
  #isStopping = false;
  #heartbeat = Promise.withResolvers<void>();

  // What lives from one taking over of the partition to the next.
  #intake: Intake;
  #abort = new AbortController();
  #wake = Promise.withResolvers<void>();
  /** Why no further record is begun; thrown when all that is on its way has been committed. */
  #fault: unknown = null;
  /** The place after the last batch begun. */
  #place: Place | null = null;
  /** The bucket may hold what comes: true from a lost state until a batch is missing there. */
  #lookFirst = false;
  #flights: Flights | null = null;

  constructor(options: PartitionOptions) {
    this.#options = options;
    this.#intake = new Intake(options.origin, options.journal);
    this.ended = this.#live();
  }

  /** Takes what a fetch brought. */
  take(fetched: Fetched): void {
    this.#intake.take(fetched);
    this.#tellLag();
    this.#wake.resolve();
  }

  /** Where the partition ends; asked for apart from fetches, for a paused one has none. */
  tellEnd(end: number): void {
    this.#intake.tellEnd(end);
    this.#tellLag();
  }

  /** Kafka answers: what has failed is opened again. */
  heartbeat(): void {
    this.#heartbeat.resolve();
  }

  /** Takes nothing more, waits for what is being sent and commits it. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#abort.abort();
    this.#heartbeat.resolve();
    this.#wake.resolve();
    await this.ended;
  }

  async #live(): Promise<void> {
    const { watch } = this.#options;
    while (!this.#isStopping) {
      try {
        await this.#own();
      } catch (error) {
        if (error instanceof ArchiverError) return watch.stopped(error);
        if (this.#isStopping) return;
        this.#heartbeat = Promise.withResolvers();
        watch.failed(error);
        await this.#heartbeat.promise;
      }
    }
  }

  /** From taking the partition over until it is stopped; an error ends what was begun here. */
  async #own(): Promise<void> {
    const { origin, journal, watch } = this.#options;
    const owner = await journal.open();
    try {
      this.#intake = new Intake(origin, journal);
      const state = await owner.readState();
      this.#place = state && decodePlace(state.metadata);
      this.#lookFirst = this.#place === null;
      watch.opened(this.#place);
      // A state without a place, as a reset by hand leaves it, says nothing.
      await this.#intake.align(this.#place === null ? 0 : (state?.offset ?? 0));
      this.#flights = new Flights(owner, {
        committed: (batches) => this.#committed(batches),
        changed: () => this.#wake.resolve(),
      });
      await this.#run(this.#flights, owner);
    } finally {
      await this.#abandon();
      await owner.close();
    }
  }

  async #run(flights: Flights, owner: JournalOwner): Promise<void> {
    for (;;) {
      this.#wake = Promise.withResolvers();
      if (flights.failure !== null) throw flights.failure.error;
      const step = this.#nextStep(flights, owner);
      // While more can be begun a commit waits for company: it costs the brokers more than a fetch.
      flights.commit(step === null ? 1 : MAX_PUTS);
      if (step !== null) {
        await step.catch((error: unknown) => {
          this.#fault = error;
        });
        continue;
      }
      if (flights.isEmpty) {
        if (this.#fault !== null) throw this.#fault;
        if (this.#isStopping) return;
      }
      await this.#wake.promise;
    }
  }

  #nextStep(flights: Flights, owner: JournalOwner): Promise<void> | null {
    if (this.#fault !== null || this.#isStopping) return null;
    if (!this.#intake.isAligned) return this.#intake.align();
    const record = this.#intake.first;
    if (record === undefined || flights.isFull) return null;
    return this.#begin(record, flights, owner);
  }

  #committed(batches: readonly OurBatch[]): void {
    for (const { object } of batches) this.#release(object.length);
    this.#options.watch.committed(batches.at(-1) as OurBatch);
  }

  async #begin(record: Waiting, flights: Flights, owner: JournalOwner): Promise<void> {
    await this.#options.turn();
    const { offset, value } = record;
    const batch = this.#read(record);
    const isOnItsWay = batch !== null && (await this.#admit(batch, offset, flights, owner));
    this.#intake.shift();
    if (!isOnItsWay) this.#release(value.length);
  }

  #read({ offset, inTransaction, value }: Waiting): OurBatch | null {
    const { origin, keys, watch } = this.#options;
    try {
      if (!inTransaction) throw outsideTransaction(origin);
      return readOurBatch(value, origin, keys);
    } catch (error) {
      if (!(error instanceof ArchiverError)) throw error;
      watch.passedOver(error, offset);
      return null;
    }
  }

  /** Sends the batch on its way, unless it is there already. */
  async #admit(
    batch: OurBatch,
    offset: number,
    flights: Flights,
    owner: JournalOwner,
  ): Promise<boolean> {
    const { prefix, keys, watch, maxRetention, clock } = this.#options;
    const key = objectKey(prefix, batch.header);
    this.#place ??= await this.#findPlace(batch, key, offset, owner);
    if (batch.header.batch > this.#place.batch + 1)
      this.#place = await this.#bridge(batch, this.#place);
    const step = stepTo(batch, this.#place, keys);
    if (step.kind !== 'next') {
      if (step.kind === 'earlier') {
        await flights.landed();
        await this.#expectInBucket(batch, key, this.#place);
      }
      watch.archived(batch, 'repeat');
      return false;
    }
    checkRetention(batch.header, maxRetention, clock.now());
    if (step.replaced) watch.alert(keyReplaced(batch));
    this.#place = step.place;
    flights.add({ batch, offset, place: step.place, arrival: this.#send(batch, key) });
    return true;
  }

  /** Committed before anything is archived from there: a crash shall not make it unfindable. */
  async #findPlace(batch: OurBatch, key: string, offset: number, owner: JournalOwner) {
    const { prefix, keys } = this.#options;
    const place = await persist(this.#options, this.#abort.signal, () =>
      findPlace(batch, key, prefix, this.#options, keys),
    );
    await owner.commit({ offset, metadata: encodePlace(place) });
    return place;
  }

  /** Batches that the topic has no more may have been filled in from another region. */
  #bridge(batch: OurBatch, place: Place): Promise<Place> {
    const { prefix, keys } = this.#options;
    return persist(this.#options, this.#abort.signal, () =>
      bridgeGap(batch, place, prefix, this.#options, keys),
    );
  }

  /** A batch from before the place is a repeat only if the bucket holds it, or may hold it no more. */
  async #expectInBucket(batch: OurBatch, key: string, { batch: last }: Place): Promise<void> {
    const { clock, store, keys } = this.#options;
    if (batch.header.retainUntil <= clock.now()) return;
    const isThere = await persist(this.#options, this.#abort.signal, async () => {
      const kept = await findKept(batch, key, this.#options);
      return kept !== null || (await holdsBatch(batch, key, store, keys));
    });
    if (isThere) return;
    const { origin, batch: number } = batch.header;
    throw new ArchiverError(
      'FORK',
      `${origin}: after batch ${last} came an authentic batch ${number} with header hash ${batch.hash}, which the bucket does not hold. There are two histories: stop the ingestor and run \`authseal verify\` over all regions.`,
    );
  }

  async #send(batch: OurBatch, key: string): Promise<void> {
    const options = { lookFirst: this.#lookFirst, signal: this.#abort.signal };
    const outcome = await archiveBatch(batch, key, this.#options, options);
    if (outcome === 'written') this.#lookFirst = false;
    this.#options.watch.archived(batch, outcome);
  }

  #release(bytes: number): void {
    this.#intake.release(bytes);
    this.#tellLag();
  }

  #tellLag(): void {
    this.#options.watch.lag(this.#intake.behind(this.#flights?.first));
  }

  /** Ends what is on its way and forgets what waits. */
  async #abandon(): Promise<void> {
    this.#intake.close();
    this.#abort.abort();
    await this.#flights?.ended();
    this.#abort = new AbortController();
    this.#fault = null;
    this.#flights = null;
  }
}

/**
 * A batch of ours it may be, even one of a transaction that was aborted: whoever may read and write the
 * topic can put it there. To write in a transaction takes the right to a transactional id, too.
 */
function outsideTransaction(origin: string): ArchiverError {
  return new ArchiverError(
    'NOT_OURS',
    `A record for ${origin} was written outside a transaction, as no ingestor writes: somebody else put it there, whatever it holds.`,
  );
}

function keyReplaced({ header }: OurBatch): ArchiverError {
  return new ArchiverError(
    'KEY_REPLACED',
    `${header.origin} batch ${header.batch} changes to the next key without the old one's signature. That is how a lost key is replaced; if nobody decided so, a key was stolen.`,
  );
}
