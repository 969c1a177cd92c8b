/**
 * Sealing: records are appended to a batch, which then becomes an object.
 *
 *     new BatchBuilder(head) → append(record) … → seal(terms, keys) → { object, header, head }
 *                                  next() → append(record) …        → seal(terms, keys) → …
 *
 * Entries are written one after the other into one buffer, in which they are hashed (digest.ts);
 * nothing is kept of a record.
 */
import { classifyValue, ENTRY_SCHEMA_TEXT, type Problem } from '@authseal/schemas';
import { encodeBase64 } from './base64.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { type Codec, writeContainer } from './container.ts';
import { type Digest, type DigestEntries, digestEntries } from './digest.ts';
import { entrySizeBound, recordHash, type SourceRecord, writeEntry } from './entry.ts';
import { LedgerError } from './error.ts';
import { encodeHeader, FORMAT, type Header, type OffsetRange } from './header.ts';
import { MAX_BATCH_COUNT, MAX_BATCH_ENTRIES_BYTES, MAX_ENTRY } from './limits.ts';
import { encodeHashes, headAfter, type LogHead } from './log-head.ts';
import { sha256 } from './merkle.ts';
import { formatVkey, type NoteSigner, noteVerifier, signNote } from './note.ts';

/** What a batch's header says besides its entries. */
export type SealTerms = {
  /** Milliseconds since 1970, as the clock shows it; a clock that runs back is held. */
  readonly now: number;
  /** How long the batch is retained, in milliseconds. */
  readonly retention: number;
  /** Seconds within which the next batch is sealed; null closes the log. */
  readonly heartbeat: number | null;
  /** Partitions of the source topic. */
  readonly partitions: number;
  readonly codec: Codec;
};

/**
 * Who signs: `signer`, and with a rotation also `next`, whose key is in force from here on. When the
 * old key is lost, both are the new one.
 */
export type SealKeys = { readonly signer: NoteSigner; readonly next?: NoteSigner };

export type SealedBatch = {
  readonly object: Buffer;
  readonly header: Header;
  /** The log after this batch. */
  readonly head: LogHead;
};

/** The last record appended: by this the source is known again. */
export type LastRecord = { readonly offset: number; readonly hash: Buffer };

/** Byte 0 is spare (digest.ts). */
const FIRST_ENTRY = 1;
const INITIAL_SIZE = 64 * 1024;
/** Room for a full batch, and for the bound of a usual record that does not fit any more. */
const USUAL_MOST = MAX_BATCH_ENTRIES_BYTES + 64 * 1024;

/** Where a batch begins: known before the batch before it is sealed. */
type Place = { readonly origin: string; readonly first: number; readonly offset: number };

export class BatchBuilder {
  readonly origin: string;
  /** Index of the first entry. */
  readonly #first: number;
  /** Source offset at which the batch begins. */
  readonly from: number;
  /** The log before this batch; null until the batch before it is sealed. */
  #head: LogHead | null = null;
  #next: BatchBuilder | null = null;
  readonly #problems = new Map<Problem, number>();
  readonly #lost: OffsetRange[] = [];
  #buffer: Buffer;
  readonly #bounds = [FIRST_ENTRY];
  #end = FIRST_ENTRY;
  #offset: number;
  /** The last record appended, until it is hashed. */
  #lastRecord: SourceRecord | null = null;
  #last: LastRecord | null = null;
  #sealed = false;
  /** Memory of a batch that is sealed, for one to come. */
  #spare: Buffer | null = null;

  /**
   * A batch that continues the log from `head`.
   * @throws LedgerError OUT_OF_RANGE when the log is closed
   */
  constructor(head: LogHead);
  /** Use `next`. */
  constructor(place: Place, buffer: Buffer);
  constructor(at: LogHead | Place, buffer = newBuffer(INITIAL_SIZE)) {
    this.origin = at.origin;
    this.#first = 'first' in at ? at.first : at.range.end;
    this.from = at.offset;
    this.#offset = at.offset;
    this.#buffer = buffer;
    if (!('first' in at)) this.#continue(at, null);
  }

  /** Number of entries. */
  get count(): number {
    return this.#bounds.length - 1;
  }

  /** Size of the entries, not compressed, in bytes. */
  get size(): number {
    return this.#end - FIRST_ENTRY;
  }

  /** Next source offset: all below are in the log. */
  get offset(): number {
    return this.#offset;
  }

  /** The last record appended, null when there is none. */
  get last(): LastRecord | null {
    this.hashLast();
    return this.#last;
  }

  /** Hashes the last record now, and holds its bytes no longer: a slice keeps a whole answer in memory. */
  hashLast(): void {
    const record = this.#lastRecord;
    if (record === null) return;
    this.#last = { offset: record.offset, hash: recordHash(record.timestamp, record.value) };
    this.#lastRecord = null;
  }

  /**
   * Appends a record. Returns false, and appends nothing, when the batch is full: seal it and
   * append the record to the next.
   * @throws LedgerError OUT_OF_RANGE when the record's offset lies below the next one, or its entry
   *   would be larger than one may be
   */
  append(record: SourceRecord): boolean {
    this.#checkOpen();
    if (!(Number.isSafeInteger(record.offset + 1) && record.offset >= this.#offset)) {
      throw new LedgerError(
        'OUT_OF_RANGE',
        `Record ${record.offset} of ${this.origin} was appended where ${this.#offset} or later was due.`,
      );
    }
    if (this.count >= MAX_BATCH_COUNT) return false;
    const classified = classifyValue(record.value);
    this.#makeRoom(entrySizeBound(record, classified));
    const end = writeEntry(this.#buffer, this.#end, this.#first + this.count, record, classified);
    if (end - this.#end > MAX_ENTRY) {
      throw new LedgerError(
        'OUT_OF_RANGE',
        `The entry of record ${record.offset} of ${this.origin} would have ${end - this.#end} bytes; ${MAX_ENTRY} is the limit. Let the topic's max.message.bytes be 1 MiB.`,
      );
    }
    if (end - FIRST_ENTRY > MAX_BATCH_ENTRIES_BYTES) return false;
    const { problem } = classified;
    this.#bounds.push(end);
    this.#end = end;
    this.#offset = record.offset + 1;
    if (problem !== null) this.#problems.set(problem, (this.#problems.get(problem) ?? 0) + 1);
    this.#lastRecord = record;
    return true;
  }

  /** Says that no records stand in [next offset, `to`): markers, or a hole left by the broker. */
  skipTo(to: number): void {
    this.#checkOpen();
    this.#offset = Math.max(this.#offset, to);
  }

  /**
   * Says that the broker dropped [next offset, `to`) before it could be sealed.
   * @throws LedgerError OUT_OF_RANGE when that is nothing
   */
  lose(to: number): void {
    this.#checkOpen();
    if (!(to > this.#offset)) {
      throw new LedgerError(
        'OUT_OF_RANGE',
        `[${this.#offset}, ${to}) of ${this.origin} holds nothing that could be lost.`,
      );
    }
    this.#lost.push({ from: this.#offset, to });
    this.#offset = to;
  }

  /**
   * The batch after this one, to which records can be appended at once; it is sealed after this one.
   * Nothing can be added to this batch afterwards.
   * @throws LedgerError OUT_OF_RANGE when it has been asked for, or this batch was sealed
   */
  next(): BatchBuilder {
    this.#checkOpen();
    this.#sealed = true;
    // Behind the entries stands the header, as a leaf.
    const first = this.#first + this.count + 1;
    const place = { origin: this.origin, first, offset: this.#offset };
    this.#next = new BatchBuilder(place, this.#nextBuffer());
    return this.#next;
  }

  /** As large as this batch's, for those that follow each other are alike; the spare one if it fits. */
  #nextBuffer(): Buffer {
    const { length } = this.#buffer;
    const size = length <= 4 * this.#end ? length : Math.max(INITIAL_SIZE, this.#end);
    const fits = this.#spare?.length === size;
    return fits ? (this.#spare as Buffer) : newBuffer(size);
  }

  /**
   * Makes the object. Nothing can be added to the batch afterwards.
   * @param digest hashes and compresses the entries; gets their memory for good
   * @throws LedgerError OUT_OF_RANGE when terms or offsets make a header that no reader would take, or
   *   the batch before is not sealed
   */
  async seal(
    terms: SealTerms,
    keys: SealKeys,
    digest: DigestEntries = digestEntries,
  ): Promise<SealedBatch> {
    this.#sealed = true;
    const before = this.#head;
    if (before === null) {
      throw new LedgerError(
        'OUT_OF_RANGE',
        `A batch of ${this.origin} was to be sealed before the one that it follows.`,
      );
    }
    const { codec } = terms;
    const bounds = Uint32Array.from(this.#bounds);
    const entries = { buffer: this.#buffer, bounds, first: this.#first, codec };
    const digested = await digest(entries);
    const header = this.#header(before, terms, keys, digested);
    const headerBytes = encodeHeader(header);
    const head = headAfter(header, headerBytes);
    const { origin } = header;
    const checkpoint = { origin, size: head.range.end, root: head.range.root() };
    const object = writeContainer({
      schema: SCHEMA,
      codec,
      header: headerBytes,
      checkpoint: Buffer.from(
        await signNote(formatCheckpoint(checkpoint), origin, signersOf(keys)),
      ),
      count: header.count,
      block: digested.block,
    });
    if (this.#next !== null && !head.closed) this.#next.#continue(head, digested.buffer);
    return { object, header, head };
  }

  #continue(head: LogHead, spare: Buffer | null): void {
    if (head.closed) {
      throw new LedgerError('OUT_OF_RANGE', `The log ${head.origin} is closed; nothing follows.`);
    }
    this.#head = head;
    this.#spare = spare;
  }

  #header(head: LogHead, terms: SealTerms, { next }: SealKeys, { range, block }: Digest): Header {
    const sealedAt = Math.max(terms.now, head.sealedAt);
    const retainUntil = Math.max(sealedAt + terms.retention, head.retainUntil);
    const [deployment] = head.origin.split('/') as [string];
    return {
      format: FORMAT,
      origin: head.origin,
      batch: head.batch,
      previous:
        head.header === null
          ? null
          : { header: encodeBase64(head.header), retainUntil: head.retainUntil },
      first: head.range.end,
      count: this.count,
      offsets: { from: head.offset, to: this.#offset },
      lost: this.#lost,
      before: encodeHashes(head.range.hashes),
      entries: range,
      sealedAt,
      retainUntil: Math.ceil(retainUntil / 1000) * 1000,
      heartbeat: terms.heartbeat,
      partitions: terms.partitions,
      problems: Object.fromEntries(this.#problems),
      schema: SCHEMA_HASH,
      ...(terms.codec === 'zstandard' && this.count > 0 && { block: encodeBase64(sha256(block)) }),
      ...(next && { rotation: { next: formatVkey(noteVerifier(deployment, next.publicKey)) } }),
    };
  }

  #checkOpen(): void {
    if (this.#sealed) {
      throw new LedgerError(
        'OUT_OF_RANGE',
        `The batch of ${this.origin} that begins at offset ${this.from} is sealed already; begin the next one.`,
      );
    }
  }

  #makeRoom(size: number): void {
    if (this.#end + size <= this.#buffer.length) return;
    const doubled = Math.min(2 * this.#buffer.length, USUAL_MOST);
    const larger = newBuffer(Math.max(doubled, this.#end + size));
    this.#buffer.copy(larger, 0, 0, this.#end);
    this.#buffer = larger;
  }
}

/** Not of Node's pool, which cannot be handed over to another thread. */
const newBuffer = (size: number): Buffer => Buffer.allocUnsafeSlow(size);

function signersOf({ signer, next }: SealKeys): NoteSigner[] {
  return next === undefined || next.publicKey.equals(signer.publicKey) ? [signer] : [signer, next];
}

const SCHEMA = Buffer.from(ENTRY_SCHEMA_TEXT);
const SCHEMA_HASH = encodeBase64(sha256(SCHEMA));
