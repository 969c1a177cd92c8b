/**
 * One record of the source partition as an entry: canonical Avro of `authseal.Entry`
 *
 *     index long · offset long · timestamp long · key bytes? · headers [{ key string, value bytes? }]
 *     · problem enum? · raw { schema fixed8?, value bytes }? · event AuthEvent?
 *
 * a small prefix followed by the producer's own bytes, untouched. What stands in `problem`, `raw`
 * and `event` is decided by the record's value alone (see classifyValue of @authseal/schemas):
 *
 *     value                                  raw                    event         problem
 *     null                                   null                   null          NULL_VALUE
 *     current schema, canonical              null                   as it came    –
 *     known schema, re-encoded               {fingerprint, value}   canonical     –
 *     known schema, anything else            {fingerprint, value}   null          MALFORMED
 *     anything else                          {null, value}          null          UNKNOWN_SCHEMA
 *
 * so the whole Kafka value can be had back from every entry.
 */
import {
  type Classified,
  type EntrySchema,
  fingerprint,
  type Problem,
  RELEASED_ENTRY_SCHEMAS,
} from '@authseal/schemas';
import { LedgerError } from './error.ts';
import { MAX_TIMESTAMP } from './limits.ts';
import { sha256 } from './merkle.ts';
import { readVarint, varintSize, writeVarint } from './varint.ts';

/** A record as Kafka gave it. */
export type SourceRecord = {
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  /** Names and values; several values of one name keep their order. */
  readonly headers: readonly (readonly [string, Buffer | null])[];
  readonly value: Buffer | null;
};

/** The symbols of `problem`, in the order of the schema's enum. */
export const PROBLEMS: readonly Problem[] = ['NULL_VALUE', 'MALFORMED', 'UNKNOWN_SCHEMA'];

const FINGERPRINT_SIZE = 8;
const LONGEST_VARINT = 8;
/** index, offset, timestamp; five union tags, two lengths, the problem; two counts of headers. */
const FIXED_PARTS = 13 * LONGEST_VARINT + FINGERPRINT_SIZE;

/** A Kafka timestamp as an entry keeps it: 0 when it lies outside the years 1970 to 9999. */
export function entryTimestamp(timestamp: number): number {
  return timestamp >= 0 && timestamp <= MAX_TIMESTAMP ? timestamp : 0;
}

/** An upper bound of the size of a record's entry, in bytes. */
export function entrySizeBound(record: SourceRecord, { raw, event }: Classified): number {
  let size =
    FIXED_PARTS + (record.key?.length ?? 0) + (raw?.value.length ?? 0) + (event?.length ?? 0);
  for (const [name, value] of record.headers) {
    // A UTF-16 code unit becomes at most three bytes of UTF-8.
    size += 3 * LONGEST_VARINT + 3 * name.length + (value?.length ?? 0);
  }
  return size;
}

/**
 * Writes the record's entry at `at`, where `entrySizeBound` bytes are free; `classified` is what
 * classifyValue says of its value. Returns where it ends.
 */
export function writeEntry(
  buffer: Buffer,
  at: number,
  index: number,
  record: SourceRecord,
  { problem, raw, event }: Classified,
): number {
  let end = writeVarint(buffer, at, index);
  end = writeVarint(buffer, end, record.offset);
  end = writeVarint(buffer, end, entryTimestamp(record.timestamp));
  end = writeOptionalBytes(buffer, end, record.key);
  end = writeHeaders(buffer, end, record.headers);
  end = writeVarint(buffer, end, problem === null ? 0 : 1);
  if (problem !== null) end = writeVarint(buffer, end, PROBLEMS.indexOf(problem));
  end = writeVarint(buffer, end, raw === null ? 0 : 1);
  if (raw !== null) {
    end = writeVarint(buffer, end, raw.schema === null ? 0 : 1);
    if (raw.schema !== null) end += raw.schema.copy(buffer, end);
    end = writeBytes(buffer, end, raw.value);
  }
  end = writeVarint(buffer, end, event === null ? 0 : 1);
  if (event !== null) end += event.copy(buffer, end);
  return end;
}

function writeHeaders(buffer: Buffer, at: number, headers: SourceRecord['headers']): number {
  let end = at;
  if (headers.length > 0) {
    end = writeVarint(buffer, end, headers.length);
    for (const [name, value] of headers) {
      end = writeString(buffer, end, name);
      end = writeOptionalBytes(buffer, end, value);
    }
  }
  return writeVarint(buffer, end, 0);
}

/** Names are short and ASCII: copied one by one they cost less than a call into native code. */
function writeString(buffer: Buffer, at: number, text: string): number {
  let end = writeVarint(buffer, at, text.length);
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return writeBytes(buffer, at, Buffer.from(text));
    buffer[end++] = code;
  }
  return end;
}

function writeOptionalBytes(buffer: Buffer, at: number, bytes: Buffer | null): number {
  const end = writeVarint(buffer, at, bytes === null ? 0 : 1);
  return bytes === null ? end : writeBytes(buffer, end, bytes);
}

function writeBytes(buffer: Buffer, at: number, bytes: Buffer): number {
  const end = writeVarint(buffer, at, bytes.length);
  return end + bytes.copy(buffer, end);
}

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

/**
 * The parts of an entry whose bytes are known to be canonical Avro (`skip` of its schema), whose
 * events have the fingerprint `eventSchema`.
 * @throws LedgerError ENTRY_MALFORMED when problem, raw and event contradict each other
 */
export function viewEntry(entry: Buffer, eventSchema: Buffer): EntryView {
  let at = 0;
  const long = (): number => {
    const value = readVarint(entry, at);
    if (value < 0) throw malformed('a number is negative');
    at += varintSize(value);
    return value;
  };
  const take = (length: number): Buffer => {
    at += length;
    return entry.subarray(at - length, at);
  };
  const optionalBytes = (): Buffer | null => (long() === 0 ? null : take(long()));
  const [index, offset, timestamp] = [long(), long(), long()];
  const key = optionalBytes();
  const headers: [string, Buffer | null][] = [];
  for (let left = long(); left > 0; left -= 1) {
    headers.push([take(long()).toString(), optionalBytes()]);
  }
  if (headers.length > 0) long(); // the end of the array; an empty one is nothing but its end
  const problem = long() === 0 ? null : (PROBLEMS[long()] as Problem);
  const raw =
    long() === 0
      ? null
      : { schema: long() === 0 ? null : take(FINGERPRINT_SIZE), value: take(long()) };
  const event = long() === 0 ? null : entry.subarray(at);
  const view = { index, offset, timestamp, key, headers, problem, raw, event, eventSchema };
  checkParts(view);
  return view;
}

/** The table at the head of this file, as far as it can be told without the schemas of the sealing version. */
function checkParts({ problem, raw, event, timestamp }: EntryView): void {
  if (timestamp > MAX_TIMESTAMP) throw malformed('its timestamp lies after the year 9999');
  const schemaIsTheValues =
    raw === null ||
    raw.schema === null ||
    (SINGLE_OBJECT_MARKER.equals(raw.value.subarray(0, 2)) &&
      raw.schema.equals(raw.value.subarray(2, 2 + FINGERPRINT_SIZE)));
  const right = {
    NULL_VALUE: raw === null && event === null,
    MALFORMED: raw !== null && raw.schema !== null && event === null,
    UNKNOWN_SCHEMA: raw !== null && raw.schema === null && event === null,
    none: event !== null && (raw === null || raw.schema !== null),
  }[problem ?? 'none'];
  if (!right || !schemaIsTheValues) throw malformed('problem, raw and event contradict each other');
}

/** The Kafka value of an entry, as the producer sent it. */
export function entryValue({ raw, event, eventSchema }: EntryView): Buffer | null {
  if (raw !== null) return raw.value;
  return event === null ? null : Buffer.concat([SINGLE_OBJECT_MARKER, eventSchema, event]);
}

/** Avro 1.12 specification, "Single-object encoding". */
const SINGLE_OBJECT_MARKER = Buffer.of(0xc3, 0x01);

/** SHA-256(uint64be timestamp ‖ value): by this a source record is known again. */
export function recordHash(timestamp: number, value: Buffer | null): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(entryTimestamp(timestamp)));
  return sha256(value === null ? time : Buffer.concat([time, value]));
}

function malformed(why: string): LedgerError {
  return new LedgerError(
    'ENTRY_MALFORMED',
    `An entry is refused: ${why}. The object was changed or was not made by Authseal.`,
  );
}
