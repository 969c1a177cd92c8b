/**
 * The life of one partition, from the moment it is assigned until it is taken away.
 *
 *   1. FENCE    A new transactional producer under the partition's own id. The broker ends what an
 *               older owner left open and refuses whatever it still sends.
 *   2. RECOVER  Read the state. It was committed with the last batch, so it says exactly what the
 *               log holds. (recover.ts: when it is gone, the batches topic is the authority.)
 *   3. CHECK    Read the last sealed record again: is this still the topic that we know?
 *   4. TAKE     Copy what the fetches bring into the open batch (intake.ts).
 *   5. SEAL     When the batch is full, `linger` after its first entry, or when the log was silent
 *               for `heartbeat` and has just shown its end: make the object.
 *   6. COMMIT   In one transaction: the batch to the batches topic, then the state.
 *               Then on from 4.
 *
 * Why a crash between any two is harmless: until the commit of step 6, nothing of the batch is seen
 * by a reader of committed records, and the state still says where it began, so the next owner
 * seals the same records again. After it, batch and state are both there. When the answer to the
 * commit is lost, nobody here knows which of the two holds; the next owner's fence ends the
 * transaction one way or the other before it reads the state.
 *
 * Why two owners are harmless: fencing is the first thing an owner does and reading the state the
 * second, so the state cannot change behind its back without its own next transaction being refused.
 *
 * After any error in 1, 2 or 6 the writer is closed and never used again, whatever the error says;
 * the next sign of life from the group's coordinator begins again at 1. A refusal (IngestorError)
 * is a matter for a person: it is reported, and tried again after a minute.
 */
import {
  type BatchBuilder,
  type Codec,
  type DeploymentKeys,
  encodeBase64,
  type NoteSigner,
  type SealedBatch,
  type SealKeys,
} from '@authseal/ledger';
import type { Fetched, ProduceResult } from '@authseal/runtime/kafka';
import { IngestorError } from './error.ts';
import { Intake } from './intake.ts';
import type { Clock, Journal, JournalWriter, Source } from './journal.ts';
import {
  MAX_CLOCK_DIFFERENCE,
  PARTITIONS_MAX_AGE,
  PROBE_PATIENCE,
  REFUSAL_RETRY,
} from './limits.ts';
import { recover } from './recover.ts';
import { encodeState, type Position } from './state.ts';

/** How batches are sealed. Times in milliseconds. */
export type SealTermsOfLog = {
  readonly linger: number;
  readonly heartbeat: number;
  readonly retention: number;
  readonly codec: Codec;
  readonly signer: NoteSigner;
  /** The key before, or null: a log that it sealed last changes to `signer` with its next batch. */
  readonly previous: NoteSigner | null;
  readonly keys: DeploymentKeys;
  /** Seal all there is, then the log's last batch. */
  readonly close: boolean;
};

export type SealerParts = {
  readonly origin: string;
  readonly partition: number;
  readonly batchesTopic: string;
  readonly source: Source;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly terms: SealTermsOfLog;
  readonly observer: SealerObserver;
};

/** Told what happened, for logs and metrics. */
export type SealerObserver = {
  opened(position: Position): void;
  sealed(sealed: SealedBatch, why: Due, behind: number): void;
  lost(range: { from: number; to: number }): void;
  /** Something failed that is tried again by itself. */
  failed(error: unknown): void;
  /** A person must look. */
  refused(error: IngestorError): void;
  closed(): void;
};

/** Why a batch is sealed. */
export type Due = 'begin' | 'full' | 'linger' | 'heartbeat' | 'close';

export class Sealer {
  readonly #parts: SealerParts;
  readonly #intake: Intake;
  readonly #running: Promise<void>;
  #stopping = false;
  #closed = false;
  #refusal: IngestorError | null = null;
  #signOfLife = false;
  /** Something happened since the last look. */
  #changed = false;
  #wake: () => void = () => {};
  #lastSealedAt = 0;
  #partitions = { number: 0, askedAt: Number.NEGATIVE_INFINITY };

  /** Begins at once. */
  constructor(parts: SealerParts) {
    this.#parts = parts;
    this.#intake = new Intake(parts.source, parts.clock, () => this.#look());
    this.#running = this.#run();
  }

  /** Why the partition waits for a person; null while it does not. */
  get refusal(): IngestorError | null {
    return this.#refusal;
  }

  /** The log is closed; nothing follows. */
  get closed(): boolean {
    return this.#closed;
  }

  /** A fetch of this partition; synchronous, never throws. */
  take(fetched: Fetched): void {
    this.#intake.take(fetched);
  }

  /** The coordinator answered: what failed may be tried again. */
  heartbeat(): void {
    this.#signOfLife = true;
    this.#look();
  }

  /** Gives the partition up: a commit under way is awaited, an open batch is left to the next owner. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#look();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, observer } = this.#parts;
    while (!this.#stopping) {
      let again: () => boolean;
      try {
        await this.#own();
        return;
      } catch (error) {
        if (error instanceof IngestorError) {
          this.#refusal = error;
          observer.refused(error);
          const from = clock.elapsed();
          again = () => clock.elapsed() - from >= REFUSAL_RETRY;
        } else {
          observer.failed(error);
          this.#signOfLife = false;
          again = () => this.#signOfLife;
        }
      }
      while (!this.#stopping && !again()) await this.#change(REFUSAL_RETRY);
    }
  }

  /** Steps 1 to 6, until the partition is given up or closed. */
  async #own(): Promise<void> {
    const { journal, origin, terms, clock, observer } = this.#parts;
    const writer = await journal.open();
    try {
      let position = await recover(journal, origin, terms.keys).catch((error) =>
        throwAsOwner(error, writer),
      );
      checkKey(position, terms, origin);
      this.#refusal = null;
      observer.opened(position);
      this.#lastSealedAt = clock.elapsed() - Math.max(0, clock.now() - position.head.sealedAt);
      if (!position.head.closed) this.#intake.begin(position.head, position.last);
      while (!position.head.closed) {
        const due = await this.#due();
        if (due === null) return;
        position = await this.#seal(writer, position, due);
        this.#lastSealedAt = clock.elapsed();
        if (!position.head.closed) this.#intake.goOn(position.head);
      }
      this.#closed = true;
      observer.closed();
    } finally {
      this.#intake.end();
      await writer.close();
    }
  }

  /** Waits until the open batch is to be sealed; null when the partition is to be given up. */
  async #due(): Promise<Due | null> {
    const { clock, terms, observer } = this.#parts;
    const intake = this.#intake;
    while (!this.#stopping) {
      if (intake.refusal !== null) throw intake.refusal;
      if (intake.full) return 'full';
      if (intake.gap) {
        const lost = await intake.mendGap();
        if (lost !== null) observer.lost(lost);
        continue;
      }
      const now = clock.elapsed();
      const lingerAt = (intake.firstTakenAt ?? Number.POSITIVE_INFINITY) + terms.linger;
      // Early enough for the fetch that shows the silence: the header promises a batch by then.
      const early = Math.min(terms.heartbeat / 10, PROBE_PATIENCE);
      const silenceAt = terms.close ? now : this.#lastSealedAt + terms.heartbeat - early;
      if (terms.close && intake.silent) return 'close';
      if (now >= lingerAt) return 'linger';
      if (now >= silenceAt && intake.silent) return 'heartbeat';
      if (now >= silenceAt) await intake.probe();
      await this.#change(Math.min(lingerAt, Math.max(silenceAt, now + PROBE_INTERVAL)) - now);
    }
    return null;
  }

  /** Steps 5 and 6. */
  async #seal(writer: JournalWriter, position: Position, due: Due): Promise<Position> {
    const { clock, observer, source } = this.#parts;
    if (clock.elapsed() - this.#partitions.askedAt > PARTITIONS_MAX_AGE) {
      this.#partitions = { number: await source.partitions(), askedAt: clock.elapsed() };
    }
    const batch = this.#intake.detach();
    const partitions = this.#partitions.number;
    const { sealed, next } = await sealAndCommit(
      this.#parts,
      writer,
      batch,
      position,
      partitions,
      due,
    );
    observer.sealed(sealed, due, this.#intake.behind);
    return next;
  }

  #look(): void {
    this.#changed = true;
    this.#wake();
  }

  /** Waits until something happened since the last call, at most `ms`. */
  async #change(ms: number): Promise<void> {
    if (!this.#changed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = this.#parts.clock.after(ms, resolve);
      this.#wake = resolve;
      await promise;
      cancel();
    }
    this.#changed = false;
  }
}

/** While a log is silent and due, it is looked at this often. Milliseconds. */
const PROBE_INTERVAL = 500;

/**
 * Who was replaced while it read has seen two times at once: a contradiction is one only if this is
 * still the owner. The broker refuses the state, which is never committed, if it is not.
 */
async function throwAsOwner(error: unknown, writer: JournalWriter): Promise<never> {
  if (error instanceof IngestorError) {
    await writer.begin();
    await writer.sendState({ offset: 0, metadata: '' });
  }
  throw error;
}

function checkKey(position: Position, { signer, previous }: SealTermsOfLog, origin: string): void {
  const known = [signer, previous].flatMap((key) => (key ? [encodeBase64(key.publicKey)] : []));
  if (known.includes(position.key)) return;
  throw new IngestorError(
    'KEY_UNFIT',
    `${origin} was sealed with the key ${position.key}, and the configured one is ${known[0]}. A log changes its key only when the one before is there to sign too: give it as AUTHSEAL_PREVIOUS_SIGNING_KEY.`,
  );
}

/** A log that the previous key sealed last changes to the new one with this batch, signed by both. */
function sealKeys({ signer, previous }: SealTermsOfLog, { key }: Position): SealKeys {
  const isPrevious = previous !== null && key === encodeBase64(previous.publicKey);
  const isSame = key === encodeBase64(signer.publicKey);
  return isPrevious && !isSame ? { signer: previous, next: signer } : { signer };
}

/** Seals the batch (step 5) and commits it with the state that follows it (step 6). */
export async function sealAndCommit(
  {
    terms,
    clock,
    batchesTopic,
    partition,
  }: Pick<SealerParts, 'terms' | 'clock' | 'batchesTopic' | 'partition'>,
  writer: JournalWriter,
  batch: BatchBuilder,
  position: Position,
  partitions: number,
  due: Due,
): Promise<{ sealed: SealedBatch; next: Position }> {
  const sealed = await batch.seal(
    {
      now: clock.now(),
      retention: terms.retention,
      heartbeat: due === 'close' ? null : Math.ceil(terms.heartbeat / 1000),
      partitions,
      codec: terms.codec,
    },
    sealKeys(terms, position),
  );
  await writer.begin();
  const results = await writer.send(sealed.object);
  const batchOffset = checkProduced(results, sealed, {
    batchesTopic,
    partition,
    after: position.batchOffset,
  });
  const next = {
    head: sealed.head,
    last: batch.last ?? position.last,
    batchOffset,
    key: encodeBase64(terms.signer.publicKey),
  };
  await writer.sendState(encodeState(next));
  await writer.commit();
  return { sealed, next };
}

/** The batch's offset. kafkajs answers [] for a partition that does not exist: no answer is no success. */
function checkProduced(
  results: readonly ProduceResult[],
  { header }: SealedBatch,
  expected: { batchesTopic: string; partition: number; after: number },
): number {
  const { batchesTopic, partition, after } = expected;
  const [result] = results;
  const right =
    results.length === 1 &&
    result?.topic === batchesTopic &&
    result.partition === partition &&
    result.errorCode === 0 &&
    result.offset > after &&
    Math.abs(result.logAppendTime - header.sealedAt) <= MAX_CLOCK_DIFFERENCE;
  if (right) return result.offset;
  throw new IngestorError(
    'PRODUCE_REFUSED',
    `${header.origin}: batch ${header.batch}, sealed at ${header.sealedAt}, got the answer ${JSON.stringify(results)}; one for partition ${partition} with an offset above ${after} and a LogAppendTime within 2 h was expected. Nothing was committed. Compare the clocks of broker and ingestor, and run \`authseal doctor\`, which checks ${batchesTopic}.`,
  );
}
