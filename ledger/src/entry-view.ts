/**
 * The parts of an entry (entry.ts). An EntryCursor finds them in a batch's bytes and makes no objects:
 * every entry that is read is looked at by one. viewEntry gives them as Buffers and text.
 */
import {
  type EntrySchema,
  fingerprint,
  type Problem,
  RELEASED_ENTRY_SCHEMAS,
} from '@authseal/schemas';
import { FINGERPRINT_SIZE, PROBLEMS } from './entry.ts';
import { LedgerError } from './error.ts';
import { MAX_TIMESTAMP } from './limits.ts';
import { type HashText, sha256Text } from './merkle.ts';
import { readVarint } from './varint.ts';

/** An entry's parts, the event not decoded; all buffers are views into the batch. */
export type EntryView = {
  readonly index: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer | null])[];
  readonly problem: Problem | null;
  readonly raw: { readonly schema: Buffer | null; readonly value: Buffer } | null;
  /** The event's Avro body. */
  readonly event: Buffer | null;
  /** The schema that `event` is written in: its fingerprint, 8 wire bytes. */
  readonly eventSchema: Buffer;
};

/**
 * Which event schema the entries of each released schema hold: the one that was current then, which
 * stands in the last field, `event`, whole.
 */
export const EVENT_FINGERPRINTS: ReadonlyMap<EntrySchema, Buffer> = new Map(
  [...RELEASED_ENTRY_SCHEMAS.values()].map((schema) => [
    schema,
    fingerprint(JSON.parse(schema.text).fields.at(-1).type[1]),
  ]),
);

const NOTHING: Buffer = Buffer.alloc(0);

/** Where null stands instead of bytes. */
const NONE = -1;

/** Bytes [at, end) of a batch, or null: at is NONE. */
export class Span {
  at = NONE;
  end = NONE;

  get isNull(): boolean {
    return this.at === NONE;
  }

  /** 0 when it is null. */
  get length(): number {
    return this.isNull ? 0 : this.end - this.at;
  }

  of(bytes: Buffer): Buffer | null {
    return this.isNull ? null : bytes.subarray(this.at, this.end);
  }

  /** Whether they are these. For some tens of bytes faster than Buffer.compare. */
  is(bytes: Buffer, these: Buffer): boolean {
    if (this.isNull || this.end - this.at !== these.length) return false;
    for (let i = 0; i < these.length; i += 1) if (bytes[this.at + i] !== these[i]) return false;
    return true;
  }
}

export class EntryCursor {
  index = 0;
  offset = 0;
  timestamp = 0;
  problem: Problem | null = null;
  readonly key = new Span();
  readonly rawSchema = new Span();
  readonly rawValue = new Span();
  readonly event = new Span();
  bytes = NOTHING;
  readonly #name = new Span();
  readonly #value = new Span();
  #headersAt = 0;
  #headerCount = 0;
  #at = 0;

  /**
   * Moves to the entry [start, end), whose bytes are known to be canonical Avro (`skip` of its schema).
   * @throws LedgerError ENTRY_MALFORMED when problem, raw and event contradict each other
   */
  read(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.#at = start;
    this.index = this.#long();
    this.offset = this.#long();
    this.timestamp = this.#long();
    this.#optional(this.key);
    this.#headerCount = this.#long();
    this.#headersAt = this.#at;
    this.#passHeaders();
    this.problem = this.#long() === 0 ? null : (PROBLEMS[this.#long()] as Problem);
    this.rawSchema.at = NONE;
    this.rawValue.at = NONE;
    if (this.#long() !== 0) {
      if (this.#long() !== 0) this.#take(this.rawSchema, FINGERPRINT_SIZE);
      this.#take(this.rawValue, this.#long());
    }
    this.event.at = NONE;
    if (this.#long() !== 0) this.#take(this.event, end - this.#at);
    this.#check();
  }

  /** Names and values, in their order. */
  headers(): [string, Buffer | null][] {
    const headers: [string, Buffer | null][] = [];
    this.#at = this.#headersAt;
    for (let left = this.#headerCount; left > 0; left -= 1) {
      this.#passHeader();
      headers.push([textOf(this.bytes, this.#name), this.#value.of(this.bytes)]);
    }
    return headers;
  }

  /** Moves `value` to the one value of a header; to null when there is none, or several. */
  header(name: Buffer, value: Span): void {
    let count = 0;
    value.at = NONE;
    this.#at = this.#headersAt;
    for (let left = this.#headerCount; left > 0; left -= 1) {
      this.#passHeader();
      if (!this.#name.is(this.bytes, name)) continue;
      value.at = this.#value.at;
      value.end = this.#value.end;
      count += 1;
    }
    if (count > 1) value.at = NONE;
  }

  #passHeaders(): void {
    for (let left = this.#headerCount; left > 0; left -= 1) this.#passHeader();
    if (this.#headerCount > 0) this.#long(); // the end of the array; an empty one is nothing but its end
  }

  #passHeader(): void {
    this.#take(this.#name, this.#long());
    this.#optional(this.#value);
  }

  /** The table at the head of entry.ts, as far as it can be told without the schemas of the sealing version. */
  #check(): void {
    if (this.timestamp > MAX_TIMESTAMP) throw malformed('its timestamp lies after the year 9999');
    const [hasRaw, hasSchema] = [!this.rawValue.isNull, !this.rawSchema.isNull];
    const hasEvent = !this.event.isNull;
    const right =
      this.problem === null
        ? hasEvent && hasRaw === hasSchema
        : !hasEvent &&
          hasRaw === (this.problem !== 'NULL_VALUE') &&
          hasSchema === (this.problem === 'MALFORMED');
    if (!right || (hasSchema && !this.#isSchemaOfValue())) {
      throw malformed('problem, raw and event contradict each other');
    }
  }

  #isSchemaOfValue(): boolean {
    const [schema, value] = [this.rawSchema.of(this.bytes), this.rawValue.of(this.bytes)];
    const start = Buffer.concat([SINGLE_OBJECT_MARKER, schema as Buffer]);
    return start.equals((value as Buffer).subarray(0, start.length));
  }

  #optional(span: Span): void {
    if (this.#long() === 0) span.at = NONE;
    else this.#take(span, this.#long());
  }

  #take(span: Span, length: number): void {
    span.at = this.#at;
    this.#at += length;
    span.end = this.#at;
  }

  #long(): number {
    const byte = this.bytes[this.#at] as number;
    if (byte < 0x80 && (byte & 1) === 0) {
      this.#at += 1;
      return byte >>> 1;
    }
    const value = readVarint(this.bytes, this.#at);
    if (value < 0) throw malformed('a number is negative');
    while ((this.bytes[this.#at] as number) >= 0x80) this.#at += 1;
    this.#at += 1;
    return value;
  }
}

const cursor = new EntryCursor();

/**
 * The parts of an entry whose bytes are known to be canonical Avro (`skip` of its schema), whose
 * events have the fingerprint `eventSchema`.
 * @throws LedgerError ENTRY_MALFORMED when problem, raw and event contradict each other
 */
export function viewEntry(entry: Buffer, eventSchema: Buffer): EntryView {
  try {
    cursor.read(entry, 0, entry.length);
    const { index, offset, timestamp, problem } = cursor;
    const value = cursor.rawValue.of(entry);
    return {
      index,
      offset,
      timestamp,
      key: cursor.key.of(entry),
      headers: cursor.headers(),
      problem,
      raw: value && { schema: cursor.rawSchema.of(entry), value },
      event: cursor.event.of(entry),
      eventSchema,
    };
  } finally {
    cursor.bytes = NOTHING; // it would keep the whole batch alive
  }
}

/** The name decoded last: most entries have the names of those before. */
let lastName = { bytes: NOTHING, text: '' };

function textOf(entry: Buffer, name: Span): string {
  if (!name.is(entry, lastName.bytes)) {
    const bytes = Buffer.from(name.of(entry) as Buffer);
    lastName = { bytes, text: bytes.toString() };
  }
  return lastName.text;
}

/** The Kafka value of an entry, as the producer sent it. */
export function entryValue({ raw, event, eventSchema }: EntryView): Buffer | null {
  if (raw !== null) return raw.value;
  return event === null ? null : Buffer.concat([SINGLE_OBJECT_MARKER, eventSchema, event]);
}

/** SHA-256 of the Kafka value of the entry that the cursor is at; null when it has none. */
export function entryValueHash(entry: EntryCursor, eventSchema: Buffer): HashText | null {
  const { bytes, rawValue, event } = entry;
  if (!rawValue.isNull) return sha256Text(rawValue.of(bytes) as Buffer);
  if (event.isNull) return null;
  const size = VALUE_START + event.length;
  if (valueRoom.length < size) valueRoom = Buffer.alloc(2 * size);
  SINGLE_OBJECT_MARKER.copy(valueRoom);
  eventSchema.copy(valueRoom, SINGLE_OBJECT_MARKER.length);
  bytes.copy(valueRoom, VALUE_START, event.at, event.end);
  return sha256Text(valueRoom.subarray(0, size));
}

/** Avro 1.12 specification, "Single-object encoding". */
const SINGLE_OBJECT_MARKER = Buffer.of(0xc3, 0x01);
const VALUE_START = SINGLE_OBJECT_MARKER.length + FINGERPRINT_SIZE;

/** A value is put together here to be hashed: a buffer for each would cost as much as its hash. */
let valueRoom = Buffer.alloc(64 * 1024);

function malformed(why: string): LedgerError {
  return new LedgerError(
    'ENTRY_MALFORMED',
    `An entry is refused: ${why}. The object was changed or was not made by Authseal.`,
  );
}
