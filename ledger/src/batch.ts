/**
 * Reading: an object becomes a batch of which everything has been checked that the object itself,
 * without keys and without its neighbours, can show:
 *
 *   1. its form, to the last byte (container.ts)
 *   2. the header (header.ts); the schema text: released, and the one the header hashed; the data
 *      block: the one the header hashed, which it must have where entries are compressed
 *   3. each entry: canonical Avro; index and offset where they are due; its parts agree (entry-view.ts)
 *   4. the entries' leaves make the header's `entries` (both: unpack.ts)
 *   5. the header's ranges and the header as the last leaf make the checkpoint's size and root
 *
 * What remains: the checkpoint's signature (keys.ts), and that the batch continues its log
 * (log-head.ts).
 */
import { type EntrySchema, RELEASED_ENTRY_SCHEMAS } from '@authseal/schemas';
import { encodeBase64 } from './base64.ts';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { type Codec, type Container, readContainer } from './container.ts';
import { type EntryCursor, type EntryView, EVENT_FINGERPRINTS, viewEntry } from './entry-view.ts';
import { LedgerError } from './error.ts';
import { excerpt } from './excerpt.ts';
import { type Header, parseHeader } from './header.ts';
import { headAfter, type LogHead } from './log-head.ts';
import { sha256 } from './merkle.ts';
import { splitNote } from './note.ts';
import { nameOf, type Packed, type Unpacked, unpackEntries } from './unpack.ts';

export class Batch {
  readonly header: Header;
  /** SHA-256 of the header's bytes: with the origin, what a batch is known by. */
  readonly headerHash: Buffer;
  readonly headerBytes: Buffer;
  readonly codec: Codec;
  readonly checkpoint: Checkpoint;
  /** The signed note that holds the checkpoint. */
  readonly note: Buffer;
  readonly schema: EntrySchema;
  /** The log after this batch. */
  readonly head: LogHead;
  readonly #entries: Buffer;
  /** Where each entry begins, and last where the last one ends. */
  readonly #bounds: Uint32Array;

  /** Use `readBatch`. */
  constructor(
    parts: Omit<Batch, 'bytesOf' | 'entryAt' | 'release' | 'entries' | 'moveTo' | 'eventSchema'>,
    entries: Buffer,
    bounds: Uint32Array,
  ) {
    this.header = parts.header;
    this.headerHash = parts.headerHash;
    this.headerBytes = parts.headerBytes;
    this.codec = parts.codec;
    this.checkpoint = parts.checkpoint;
    this.note = parts.note;
    this.schema = parts.schema;
    this.head = parts.head;
    this.#entries = entries;
    this.#bounds = bounds;
  }

  /** The bytes of entry i, 0 ≤ i < header.count, as they stand in the block: its leaf data. */
  bytesOf(i: number): Buffer {
    return this.#entries.subarray(this.#bounds[i], this.#bounds[i + 1]);
  }

  /** The schema that its events are written in: its fingerprint, 8 wire bytes. */
  get eventSchema(): Buffer {
    // There is one for every schema that is read, for each was released.
    return EVENT_FINGERPRINTS.get(this.schema) as Buffer;
  }

  /** The parts of entry i, its event not decoded. */
  entryAt(i: number): EntryView {
    return viewEntry(this.bytesOf(i), this.eventSchema);
  }

  /** Moves a cursor to entry i: for those who look at millions. */
  moveTo(i: number, cursor: EntryCursor): void {
    cursor.read(this.#entries, this.#bounds[i] as number, this.#bounds[i + 1] as number);
  }

  /**
   * Gives the memory of its entries back now, for those who only wanted it checked; no entry may be
   * read afterwards. The garbage collector learns of buffers late and works harder for them.
   */
  release(): void {
    const { buffer, byteLength } = this.#entries;
    // Small buffers share their memory with others; decompression leaves a byte unused (zstd-frame.ts).
    if (buffer.byteLength <= byteLength + 1) (buffer as ArrayBuffer).transfer(0);
  }

  /** The parts of all entries, in order. */
  *entries(): Generator<EntryView> {
    for (let i = 0; i < this.header.count; i += 1) yield this.entryAt(i);
  }
}

/**
 * Reads and checks one object.
 * @throws LedgerError CONTAINER_MALFORMED, HEADER_MALFORMED, FORMAT_UNKNOWN, SCHEMA_MISMATCH,
 *   ENTRY_MALFORMED, ENTRIES_MISMATCH, CHECKPOINT_MISMATCH, NOTE_MALFORMED
 */
export function readBatch(object: Buffer): Batch {
  const opened = openObject(object);
  return closeBatch(opened, unpackEntries(opened.packed));
}

/**
 * The same, its entries unpacked and checked elsewhere.
 * @param unpack does what unpackEntries does, in another thread
 * @throws LedgerError as readBatch, and what `unpack` throws
 */
export async function readBatchWith(
  object: Buffer,
  unpack: (packed: Packed) => Promise<Unpacked>,
): Promise<Batch> {
  const opened = openObject(object);
  return closeBatch(opened, await unpack(opened.packed));
}

type Opened = {
  readonly container: Container;
  readonly header: Header;
  readonly schema: EntrySchema;
  readonly packed: Packed;
};

/** All but the entries. */
function openObject(object: Buffer): Opened {
  const container = readContainer(object);
  const header = parseHeader(container.header);
  const schema = releasedSchema(container.schema, header);
  if (container.count !== header.count) {
    throw new LedgerError(
      'ENTRIES_MISMATCH',
      `${nameOf(header)} has ${container.count} entries where its header says ${header.count}.`,
    );
  }
  checkBlock(container, header);
  const { block, codec } = container;
  return { container, header, schema, packed: { block, codec, header } };
}

function closeBatch({ container, header, schema }: Opened, { entries, bounds }: Unpacked): Batch {
  const head = headAfter(header, container.header);
  const checkpoint = parseCheckpoint(splitNote(container.checkpoint).text);
  checkCheckpoint(checkpoint, head);
  const parts = {
    header,
    headerHash: head.header as Buffer,
    headerBytes: container.header,
    codec: container.codec,
    checkpoint,
    note: container.checkpoint,
    schema,
    head,
  };
  return new Batch(parts, entries, bounds);
}

/**
 * The header of an object whose entries, schema text or data block may be damaged, with the note whose
 * checkpoint covers it: a header by itself makes size and root. If the note is signed, a batch with
 * this header was sealed, whatever has become of the rest.
 * @throws LedgerError CONTAINER_MALFORMED, HEADER_MALFORMED, FORMAT_UNKNOWN, CHECKPOINT_MISMATCH,
 *   NOTE_MALFORMED
 */
export function readSealedHeader(object: Buffer): { header: Header; note: Buffer } {
  const container = readContainer(object);
  const header = parseHeader(container.header);
  const note = container.checkpoint;
  checkCheckpoint(parseCheckpoint(splitNote(note).text), headAfter(header, container.header));
  return { header, note };
}

function releasedSchema(text: Buffer, header: Header): EntrySchema {
  const hash = encodeBase64(sha256(text));
  const schema = RELEASED_ENTRY_SCHEMAS.get(hash);
  if (schema === undefined || hash !== header.schema) {
    throw new LedgerError(
      'SCHEMA_MISMATCH',
      `${nameOf(header)} has a schema text with SHA-256 ${hash}; its header names ${header.schema}, and the text must be one that was released.`,
    );
  }
  return schema;
}

function checkBlock({ block, codec, count }: Container, header: Header): void {
  // Without the hash, entries that were sealed plain could be compressed later, in many ways.
  const isBound = header.block !== undefined || codec === 'null' || count === 0;
  if (!isBound) {
    throw new LedgerError(
      'ENTRIES_MISMATCH',
      `The entries of ${nameOf(header)} are compressed, and its header has no hash of the data block: they were sealed in another form.`,
    );
  }
  if (header.block !== undefined && header.block !== encodeBase64(sha256(block))) {
    throw new LedgerError(
      'ENTRIES_MISMATCH',
      `The data block of ${nameOf(header)} is not the one that its header hashed.`,
    );
  }
}

function checkCheckpoint(checkpoint: Checkpoint, head: LogHead): void {
  const { origin, size, root } = checkpoint;
  if (origin !== head.origin || size !== head.range.end || !root.equals(head.range.root())) {
    throw new LedgerError(
      'CHECKPOINT_MISMATCH',
      `The checkpoint speaks of ${excerpt(origin)}, size ${size}, root ${encodeBase64(root)}; header and entries make ${head.origin}, size ${head.range.end}, root ${encodeBase64(head.range.root())}.`,
    );
  }
}
