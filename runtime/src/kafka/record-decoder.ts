/**
 * The records of a record set, https://kafka.apache.org/documentation/#record:
 *
 *     length varint · attributes int8 · timestampDelta varlong · offsetDelta varint
 *     · key · value (varint length, negative for null) · headers [{ key, value }]
 *
 * An offset delta is what the producer wrote: a broker numbers the records of a set, but looks at no
 * delta unless it compresses or decompresses. Whoever may write could give a record the offset of
 * another, which would then be passed over as a repeat. So a record's place in its set is its offset.
 */
import type { KafkaRecord } from './record.ts';

/** What the record set says of all its records. Milliseconds since 1970. */
export type RecordSetTerms = {
  readonly firstOffset: number;
  /** Of the last record, from the first: that of the set, which brokers check. */
  readonly lastOffsetDelta: number;
  readonly firstTimestamp: number;
  /** The broker's time, which holds for each record; null: each has its own. */
  readonly appendTime: number | null;
  readonly inTransaction: boolean;
};

/**
 * @param bytes the records, uncompressed, and nothing else; they share its memory
 * @throws Error saying which of the `count` records is not as above
 */
export function decodeRecords(bytes: Buffer, count: number, terms: RecordSetTerms): KafkaRecord[] {
  const reader = new Reader(bytes);
  const records: KafkaRecord[] = [];
  const { firstOffset, lastOffsetDelta } = terms;
  // Where compaction has removed some, there is nothing to go by but the deltas.
  const isWhole = count === lastOffsetDelta + 1;
  let next = firstOffset;
  for (let number = 1; number <= count; number += 1) {
    const end = reader.recordEnd();
    if (end < 0) throw new Error(`record ${number} of ${count} ends beyond its bytes`);
    const record = reader.record(end, terms, isWhole ? number - 1 : null);
    if (reader.at !== end) throw new Error('a record has bytes left over');
    if (record.offset < next || record.offset > firstOffset + lastOffsetDelta) {
      throw new Error(`record ${number} of ${count} says that its offset is ${record.offset}`);
    }
    next = record.offset + 1;
    records.push(record);
  }
  if (reader.at < bytes.length) throw new Error(`bytes stand after record ${count} of ${count}`);
  return records;
}

/** Most headers of a set: more than one of 1 MiB can hold, 2 bytes each. Compressed, it can be a bomb. */
const MAX_HEADERS = 600_000;

const LONGEST_VARINT = 5;
const LONGEST_VARLONG = 10;

class Reader {
  /** Where the next value begins. */
  at = 0;
  readonly #bytes: Buffer;
  /** Nothing is read at or behind this: the end of the record, or of all. */
  #end: number;
  /** The header name read last, and where: most records have the names of those before. */
  #name = '';
  #nameAt = 0;
  #nameLength = 0;
  #headersLeft = MAX_HEADERS;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** Reads a record's length; -1 when it goes beyond the bytes. */
  recordEnd(): number {
    this.#end = this.#bytes.length;
    if (this.at >= this.#end) return -1;
    const length = this.#varint();
    return length >= 0 && length <= this.#end - this.at ? this.at + length : -1;
  }

  /** @param place its offset from the first; null: what it says itself */
  record(
    end: number,
    { firstOffset, firstTimestamp, appendTime, inTransaction }: RecordSetTerms,
    place: number | null,
  ): KafkaRecord {
    this.#end = end;
    this.at += 1; // attributes: none are in use
    const timestampDelta = this.#varlong();
    const offsetDelta = this.#varint();
    return {
      offset: firstOffset + (place ?? offsetDelta),
      timestamp: appendTime ?? firstTimestamp + timestampDelta,
      inTransaction,
      key: this.#nullableBytes(),
      value: this.#nullableBytes(),
      headers: this.#headers(),
    };
  }

  #headers(): KafkaRecord['headers'] {
    const count = this.#varint();
    if (count < 0) throw new Error(`a record has ${count} headers`);
    this.#headersLeft -= count;
    if (this.#headersLeft < 0) throw new Error(`its records have more than ${MAX_HEADERS} headers`);
    const headers: [string, Buffer | null][] = [];
    for (let left = count; left > 0; left -= 1) {
      const name = this.#headerName();
      headers.push([name, this.#nullableBytes()]);
    }
    return headers;
  }

  #headerName(): string {
    const length = this.#varint();
    if (length < 0) throw new Error('a header has no name');
    const start = this.#take(length);
    if (!this.#isNameOfLast(start, length)) {
      this.#name = this.#bytes.toString('utf8', start, start + length);
      this.#nameAt = start;
      this.#nameLength = length;
    }
    return this.#name;
  }

  #isNameOfLast(start: number, length: number): boolean {
    if (length !== this.#nameLength) return false;
    for (let i = 0; i < length; i += 1) {
      if (this.#bytes[start + i] !== this.#bytes[this.#nameAt + i]) return false;
    }
    return true;
  }

  #nullableBytes(): Buffer | null {
    const length = this.#varint();
    // Not -1 alone: brokers take any negative length for null, so producers may write it.
    if (length < 0) return null;
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Moves past `length` bytes; returns where they begin. */
  #take(length: number): number {
    const start = this.at;
    if (length < 0 || length > this.#end - start) throw beyond();
    this.at = start + length;
    return start;
  }

  /** A zig-zag number of 32 bits. */
  #varint(): number {
    let bits = 0;
    for (let i = 0; i < LONGEST_VARINT; i += 1) {
      const byte = this.#byte();
      bits |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) return (bits >>> 1) ^ -(bits & 1);
    }
    throw new Error('a number in a record is longer than 32 bits');
  }

  /** A zig-zag number of 64 bits, exact within ±2^52. */
  #varlong(): number {
    let value = 0;
    for (let i = 0; i < LONGEST_VARLONG; i += 1) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new Error('a number in a record is longer than 64 bits');
  }

  #byte(): number {
    if (this.at >= this.#end) throw beyond();
    const byte = this.#bytes[this.at] as number;
    this.at += 1;
    return byte;
  }
}

const beyond = () => new Error('a record ends beyond its bytes');
