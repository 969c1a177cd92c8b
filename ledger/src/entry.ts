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
import type { Classified, Problem } from '@authseal/schemas';
import { MAX_TIMESTAMP } from './limits.ts';
import { sha256 } from './merkle.ts';
import { writeVarint } from './varint.ts';

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

export const FINGERPRINT_SIZE = 8;
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

/** SHA-256(uint64be timestamp ‖ value): by this a source record is known again. */
export function recordHash(timestamp: number, value: Buffer | null): Buffer {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(entryTimestamp(timestamp)));
  return sha256(value === null ? time : Buffer.concat([time, value]));
}
