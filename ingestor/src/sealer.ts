/**
 * The life of one partition, from the moment it is assigned until it is taken away.
 *
 *   1. FENCE    A new transactional producer under the partition's own id. The broker ends what an
 *               older owner left open and refuses whatever it still sends. (take-over.ts: where the
 *               broker does not, it is ended here.)
 *   2. RECOVER  Read the state. It was committed with the last batch, so it says exactly what the
 *               log holds. (recover.ts: when it is gone, the batches topic is the authority.)
 *   3. CHECK    Read the last sealed record again: is this still the topic that we know?
 *   4. TAKE     Copy what the fetches bring into the open batch (intake.ts).
 *   5. SEAL     When the batch is full, `linger` after its first entry, or when the log was silent
 *               for `heartbeat` and has just shown its end: make the object.
 *   6. COMMIT   In one transaction: the batch to the batches topic, then the state (committer.ts).
 *
 * Each goes on while the next one is at work: a batch is taken while the one before it is sealed, and
 * sealed while the one before it is committed. If a commit fails, all that was sealed and taken after
 * it is forgotten with it.
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
import { type DigestEntries, encodeBase64, type SealedBatch } from '@authseal/ledger';
import type { Fetched } from '@authseal/runtime/kafka';
import { type CommitParts, Committer } from './committer.ts';
import { IngestorError } from './error.ts';
import { Intake } from './intake.ts';
import type { Clock, Journal, JournalWriter, Source } from './journal.ts';
import { BELIEF_INTERVAL, PARTITIONS_MAX_AGE, PROBE_PATIENCE, REFUSAL_RETRY } from './limits.ts';
import { checkKey, type Due, type SealTermsOfLog, sealBatch } from './seal-batch.ts';
import type { Position } from './state.ts';
import { recoverAsOwner, takeOver } from './take-over.ts';

export type SealerParts = CommitParts & {
  readonly origin: string;
  readonly source: Source;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly terms: SealTermsOfLog;
  readonly digest: DigestEntries;
  readonly observer: SealerObserver;
};

/** How the log goes on, whether it is committed or not. */
type LogEnd = Pick<Position, 'head' | 'last' | 'key'>;

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

export class Sealer {
  readonly #parts: SealerParts;
  readonly #intake: Intake;
  readonly #running: Promise<void>;
  #stopping = false;
  #closed = false;
  #refusal: IngestorError | null = null;
  #believed = { batch: -1, at: Number.NEGATIVE_INFINITY };
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

  /** Gives the partition up: what is sealed is committed, an open batch is left to the next owner. */
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

  /** Until the partition is given up or closed. A log is closed when a new owner finds it so. */
  async #own(): Promise<void> {
    while (await this.#sealAsOwner());
  }

  /** Steps 1 to 6; whether the last batch of the log was sealed. */
  async #sealAsOwner(): Promise<boolean> {
    const { journal, origin, terms, clock, observer } = this.#parts;
    const writer = await takeOver(journal, origin);
    try {
      const position = await recoverAsOwner(journal, writer, origin, terms.keys, ({ head }) =>
        this.#mayBelieveTopic(head.batch),
      ).catch((error) => throwAsOwner(error, writer));
      checkKey(position, terms, origin);
      this.#refusal = null;
      observer.opened(position);
      this.#lastSealedAt = clock.elapsed() - Math.max(0, clock.now() - position.head.sealedAt);
      if (!position.head.closed) return await this.#goOn(writer, position);
      this.#closed = true;
      observer.closed();
      return false;
    } finally {
      await writer.close();
    }
  }

  /** Not again and again: that would be no broker's fault, but another owner under another group. */
  #mayBelieveTopic(batch: number): boolean {
    const at = this.#parts.clock.elapsed();
    if (batch === this.#believed.batch) return true;
    if (at - this.#believed.at < BELIEF_INTERVAL) return false;
    this.#believed = { batch, at };
    return true;
  }

  /** Steps 4 to 6, again and again; whether the log is closed in the end. */
  async #goOn(writer: JournalWriter, position: Position): Promise<boolean> {
    const { observer } = this.#parts;
    const committer = new Committer(this.#parts, writer, position.batchOffset, {
      committed: ({ sealed, due }) => {
        const behind = Math.max(0, this.#intake.highWatermark - sealed.header.offsets.to);
        observer.sealed(sealed, due, behind);
      },
      changed: () => this.#look(),
    });
    let end: LogEnd = position;
    this.#intake.begin(end.head, end.last);
    try {
      while (!end.head.closed) {
        const due = await this.#due(committer);
        if (due === null) break;
        end = await this.#seal(committer, end, due);
      }
    } finally {
      this.#intake.end();
      await committer.done();
    }
    if (committer.failure !== null) throw committer.failure.error;
    return end.head.closed;
  }

  /** Waits until the open batch is to be sealed; null when the partition is to be given up. */
  async #due(committer: Committer): Promise<Due | null> {
    const { clock, terms, observer } = this.#parts;
    const intake = this.#intake;
    while (!this.#stopping) {
      if (committer.failure !== null) throw committer.failure.error;
      if (committer.full) {
        await this.#change(terms.linger);
        continue;
      }
      if (intake.refusal !== null) throw intake.refusal;
      if (intake.full) return 'full';
      if (intake.gap) {
        const lost = await intake.mendGap();
        if (lost !== null) observer.lost(lost);
        continue;
      }
      const now = clock.elapsed();
      // While commits take longer than a linger, batches grow instead of becoming many.
      const lingerAt =
        intake.firstTakenAt === null || committer.isBehind
          ? Number.POSITIVE_INFINITY
          : intake.firstTakenAt + terms.linger;
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

  /** Step 5; step 6 follows by itself. */
  async #seal(committer: Committer, { last, key }: LogEnd, due: Due): Promise<LogEnd> {
    const { clock, source, terms } = this.#parts;
    if (clock.elapsed() - this.#partitions.askedAt > PARTITIONS_MAX_AGE) {
      this.#partitions = { number: await source.partitions(), askedAt: clock.elapsed() };
    }
    const batch = this.#intake.next();
    const sealed = await sealBatch(this.#parts, batch, key, this.#partitions.number, due);
    this.#lastSealedAt = clock.elapsed();
    const end = {
      head: sealed.head,
      last: batch.last ?? last,
      key: encodeBase64(terms.signer.publicKey),
    };
    committer.add({ sealed, last: end.last, due });
    return end;
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
  // An answer that is refused was given to the owner.
  if (error instanceof IngestorError && error.code !== 'PRODUCE_REFUSED') {
    await writer.begin();
    await writer.sendState({ offset: 0, metadata: '' });
  }
  throw error;
}
