/**
 * What a partition's fetches bring, copied into the open batch at once. Every record is taken, in
 * offset order; what is not there is told apart:
 *
 *   - A fetch covers [fetchedOffset, end). An offset in it without a record is no record (a marker).
 *   - Records below the next offset are repeats of a seek and are passed over.
 *   - A fetch that begins above the next offset leaves a **gap**: either the broker dropped what
 *     lies between, or kafkajs jumped. `mendGap` asks where the log begins, and tells.
 *   - The first thing taken is the last record sealed, read again. Other bytes there, or a log that
 *     ends before it, are another topic under the old name.
 *
 * `take` is called by the consumer, is synchronous and never throws.
 */
import { BatchBuilder, type LastRecord, type LogHead, recordHash } from '@authseal/ledger';
import type { Fetched, KafkaRecord } from '@authseal/runtime/kafka';
import { IngestorError } from './error.ts';
import type { Clock, Source } from './journal.ts';
import { HEADER_OVERHEAD, MAX_WAITING_BYTES, PROBE_PATIENCE, RECORD_OVERHEAD } from './limits.ts';

/** A fetch in the queue; `bytes` are counted once it has to wait. */
type Waiting = { readonly fetched: Fetched; bytes: number };

export class Intake {
  readonly #source: Source;
  readonly #clock: Clock;
  /** Called after anything changed that a waiting sealer may want to know. */
  readonly #changed: () => void;

  #builder: BatchBuilder | null = null;
  /** The last record sealed, until it was read again. */
  #expected: LastRecord | null = null;
  #queue: Waiting[] = [];
  /** Records of the first in the queue that are in the batch already. */
  #taken = 0;
  #waitingBytes = 0;
  #paused = true;
  #gap = false;
  #full = false;
  #firstTakenAt: number | null = null;
  #probedAt: number | null = null;
  #silent = false;
  #refusal: IngestorError | null = null;
  #highWatermark = 0;

  constructor(source: Source, clock: Clock, changed: () => void) {
    this.#source = source;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** The open batch takes no more: seal it. */
  get full(): boolean {
    return this.#full;
  }

  /** When the open batch's first entry was taken (Clock.elapsed); null when it has none. */
  get firstTakenAt(): number | null {
    return this.#firstTakenAt;
  }

  /** A fetch began above the next offset: `mendGap`. */
  get gap(): boolean {
    return this.#gap;
  }

  /** Since `probe` a fetch has shown that the log ends where the open batch does. */
  get silent(): boolean {
    return this.#silent;
  }

  /** Why nothing more can be taken. */
  get refusal(): IngestorError | null {
    return this.#refusal;
  }

  /** One after the last record of the log, at the last fetch that was taken. */
  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** Begins to take what follows `head`, once `last` was read again. */
  begin(head: LogHead, last: LastRecord | null): void {
    this.#forget();
    this.#builder = new BatchBuilder(head);
    this.#expected = last;
    this.#refusal = null;
    this.#flowFrom(last === null ? head.offset : last.offset);
  }

  /** Takes nothing more. */
  end(): void {
    this.#source.pause();
    this.#forget();
    this.#builder = null;
  }

  /** Ends the open batch, which is to be sealed, and goes on with the one after it. */
  next(): BatchBuilder {
    const builder = this.#open();
    this.#builder = builder.next();
    this.#firstTakenAt = null;
    this.#full = false;
    this.#silent = false;
    this.#probedAt = null;
    this.#absorb();
    return builder;
  }

  take(fetched: Fetched): void {
    if (this.#paused && this.#queue.length === 0) return; // an answer from before `end`
    const waiting = { fetched, bytes: 0 };
    this.#queue.push(waiting);
    this.#absorb();
    if (this.#queue.at(-1) === waiting) {
      waiting.bytes = bytesOf(fetched);
      this.#waitingBytes += waiting.bytes;
    }
    if (this.#waitingBytes > MAX_WAITING_BYTES && !this.#paused) {
      this.#source.pause();
      this.#paused = true;
    }
    this.#changed();
  }

  /**
   * Makes the log show its end: asks again for the record before the next one, whose answer tells
   * whether anything follows. Where no such record is left, the admin is asked instead.
   */
  async probe(): Promise<void> {
    const next = this.#open().offset;
    const now = this.#clock.elapsed();
    if (this.#probedAt === null) {
      this.#probedAt = now;
      if (next > 0 && this.#expected === null) this.#flowFrom(next - 1);
      if (next > 0) return;
    } else if (now - this.#probedAt < PROBE_PATIENCE) {
      return;
    }
    const { start, end } = await this.#source.offsets();
    if (this.#builder?.offset !== next) return; // something came meanwhile
    this.#probedAt = this.#clock.elapsed();
    if (end < next) this.#refuse(`the log is [${start}, ${end})`);
    else if (start > (this.#expected?.offset ?? next)) this.#gap = true;
    else if (this.#expected === null) this.#silent = start === next && end === next;
  }

  /** Finds out what lies in a gap: dropped by the broker, or to be asked for again. Returns what is lost. */
  async mendGap(): Promise<{ from: number; to: number } | null> {
    const { start } = await this.#source.offsets();
    const builder = this.#open();
    const from = builder.offset;
    this.#forgetFetched();
    if (this.#expected !== null && start > this.#expected.offset) this.#expected = null;
    const lost = start > from;
    if (lost) builder.lose(start);
    this.#flowFrom(this.#expected?.offset ?? builder.offset);
    return lost ? { from, to: start } : null;
  }

  #absorb(): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const { fetched } = first;
      if (this.#builder === null || this.#full || this.#gap || this.#refusal !== null) return;
      if (!this.#isExpected(first)) continue;
      if (fetched.fetchedOffset > this.#builder.offset) {
        this.#gap = true;
        return;
      }
      if (!this.#copy(fetched, this.#builder)) return;
      this.#builder.skipTo(fetched.end);
      this.#builder.hashLast();
      this.#highWatermark = fetched.highWatermark;
      this.#silent = this.#probedAt !== null && fetched.highWatermark <= this.#builder.offset;
      this.#drop(first);
    }
    if (this.#paused && this.#builder !== null) {
      this.#source.resume();
      this.#paused = false;
    }
  }

  /** Copies the records not yet taken; false when the batch is full, or a record is refused, before the end. */
  #copy({ records }: Fetched, builder: BatchBuilder): boolean {
    for (; this.#taken < records.length; this.#taken += 1) {
      const record = records[this.#taken] as KafkaRecord;
      if (record.offset < builder.offset) continue;
      if (!this.#append(record, builder)) return false;
      this.#firstTakenAt ??= this.#clock.elapsed();
    }
    return true;
  }

  #append(record: KafkaRecord, builder: BatchBuilder): boolean {
    try {
      this.#full = !builder.append(record);
      return !this.#full;
    } catch (cause) {
      // Only a record larger than the topic may hold: its settings were changed since the start.
      const what = cause instanceof Error ? cause.message : String(cause);
      this.#refusal = new IngestorError('TOPIC_UNFIT', what, { cause });
      return false;
    }
  }

  /** Whether the fetch is of the log that we know, and to be taken. */
  #isExpected(waiting: Waiting): boolean {
    const { fetched } = waiting;
    const known = this.#expected?.offset ?? this.#open().offset - 1;
    if (fetched.highWatermark <= known) {
      this.#refuse(`the log ends at ${fetched.highWatermark}`);
      return false;
    }
    if (this.#expected === null) return true;
    if (fetched.fetchedOffset > known) {
      this.#gap = true;
      return false;
    }
    if (fetched.end <= known) {
      this.#drop(waiting);
      return false;
    }
    const record = fetched.records.find(({ offset }) => offset === known);
    if (!record) {
      this.#refuse(`no record stands at ${known}`);
      return false;
    }
    if (!recordHash(record.timestamp, record.value).equals(this.#expected.hash)) {
      this.#refuse(`another record stands at ${known}`);
      return false;
    }
    this.#expected = null;
    return true;
  }

  #refuse(found: string): void {
    const { origin, from } = this.#open();
    this.#refusal = new IngestorError(
      'SOURCE_RECREATED',
      `${origin}: sealed up to offset ${from}, but ${found}. The topic was deleted and created again, or is another one. Nothing more is sealed under this origin, for nobody could tell the two apart. Find out who did it; then give AUTHSEAL_EVENTS_TOPIC and AUTHSEAL_BATCHES_TOPIC new names, in all services, ingestors and archivers, and run \`authseal-ingestor init\`.`,
    );
  }

  #flowFrom(offset: number): void {
    this.#source.seek(offset);
    this.#source.resume();
    this.#paused = false;
  }

  #drop({ bytes }: Waiting): void {
    this.#queue.shift();
    this.#taken = 0;
    this.#waitingBytes -= bytes;
  }

  #forgetFetched(): void {
    this.#queue = [];
    this.#taken = 0;
    this.#waitingBytes = 0;
    this.#gap = false;
  }

  #forget(): void {
    this.#forgetFetched();
    this.#paused = true;
    this.#full = false;
    this.#firstTakenAt = null;
    this.#probedAt = null;
    this.#silent = false;
    this.#expected = null;
  }

  #open(): BatchBuilder {
    if (this.#builder === null) throw new Error('no batch is open');
    return this.#builder;
  }
}

function bytesOf({ records }: Fetched): number {
  let bytes = 0;
  for (const { key, headers, value } of records) {
    bytes += RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
    for (const [name, content] of headers) {
      bytes += HEADER_OVERHEAD + name.length + (content?.length ?? 0);
    }
  }
  return bytes;
}
