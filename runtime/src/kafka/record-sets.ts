/**
 * What a fetch brings of one partition: record sets (Kafka's v2 record batches), one after the other,
 * https://kafka.apache.org/documentation/#recordbatch:
 *
 *     0 baseOffset · 8 length of what follows · 12 leader epoch · 16 magic, 2 · 17 CRC-32C
 *     · 21 attributes (3 bits compression, 0x08 append time, 0x10 in a transaction, 0x20 control)
 *     · 23 lastOffsetDelta · 27 first timestamp · 35 last timestamp · 43 producer id · 51 epoch
 *     · 53 sequence · 57 number of records · 61 records, compressed or not
 *
 * kafkajs is given a set where it looks for a message: what it does for each message (filters,
 * numbers as text) would cost more than all else. Its records are decoded when its partition is looked
 * at (record.ts), for decoded they take up to a hundred times the memory, and an answer brings many
 * partitions.
 *
 * A record set that cannot be read ends what is given, and is told apart, for the consumer to wait with
 * that partition. kafkajs would end the whole consumer, and every other partition with it.
 */
import { COMPRESSIONS, type Compression, decompress } from './compression.ts';
import type { KafkaRecord } from './record.ts';
import { decodeRecords } from './record-decoder.ts';

/** What is used of kafkajs's reader over a response. */
export type ResponseReader = {
  readInt32(): number;
  readBytes(length: number): Buffer;
  canReadBytes(length: number): boolean;
};

/** Records [from, to) that were fetched and cannot be read. */
export type Undecodable = {
  readonly from: number;
  readonly to: number;
  readonly compression: Compression | 'unknown';
  readonly reason: string;
};

/** A record set, in the form of kafkajs's messages as far as kafkajs looks at them. */
export type RecordSet = {
  /** The last of its offsets, as text. */
  readonly offset: string;
  /** Whether it is a marker, the end of a transaction. */
  readonly isControlRecord: boolean;
  readonly producerId: string;
  readonly inTransaction: boolean;
  /** Its bytes, its head at least; null: its records are to be left out. */
  readonly bytes: Buffer | null;
};

/** Most bytes of a record set, uncompressed: 16 times what the events topic takes. A bomb ends here. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Most records of a compressed set: more than an uncompressed one of 1 MiB can hold, 7 bytes each. */
const MAX_RECORDS = 200_000;

const OVERHEAD = 61;
const APPEND_TIME = 0x08;
const IN_TRANSACTION = 0x10;
const CONTROL = 0x20;
const MAGIC = 2;

/** In the place of kafkajs's own: reads the partition's answer from the response. */
export function decodeMessages(response: ResponseReader): RecordSet[] {
  const size = response.readInt32();
  if (size <= 0 || !response.canReadBytes(size)) return [];
  const bytes = response.readBytes(size);
  const sets: RecordSet[] = [];
  for (let at = 0; at + OVERHEAD <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 8);
    const end = at + 12 + length;
    if (end > bytes.length) break; // cut off by the most bytes that the fetch takes
    sets.push(withHead(bytes.subarray(at, Math.max(end, at + OVERHEAD))));
    at = end;
  }
  return sets;
}

/**
 * The records of sets that follow each other, up to one that cannot be read.
 * @param transactionsOnly a set outside a transaction is not unpacked, whatever it is: one empty record
 *   stands for it
 */
export function decodeSets(
  sets: readonly RecordSet[],
  transactionsOnly = false,
): { records: KafkaRecord[]; undecodable: Undecodable | null } {
  const records: KafkaRecord[][] = [];
  for (const set of sets) {
    const { bytes } = set;
    if (bytes === null) continue;
    try {
      records.push(transactionsOnly && !set.inTransaction ? [emptyRecord(set)] : decodeSet(bytes));
    } catch (error) {
      return { records: records.flat(), undecodable: undecodable(bytes, error) };
    }
  }
  return { records: records.flat(), undecodable: null };
}

const emptyRecord = ({ offset, inTransaction }: RecordSet): KafkaRecord => ({
  offset: Number(offset),
  timestamp: 0,
  inTransaction,
  key: null,
  headers: [],
  value: null,
});

function decodeSet(set: Buffer): KafkaRecord[] {
  if (lengthOf(set) < OVERHEAD) throw new Error('it is shorter than its head');
  const magic = set.readInt8(16);
  if (magic !== MAGIC) throw new Error(`its format is ${magic}, and only ${MAGIC} is known`);
  const compression = compressionOf(set);
  if (compression === 'unknown') throw new Error('it is compressed by something unknown');
  const count = set.readInt32BE(57);
  if (count < 0) throw new Error(`it holds ${count} records`);
  if (compression !== 'none' && count > MAX_RECORDS) {
    throw new Error(`it holds ${count} records, more than ${MAX_RECORDS}`);
  }
  const attributes = set.readInt16BE(21);
  return decodeRecords(decompress(set.subarray(OVERHEAD), compression, MAX_BYTES), count, {
    firstOffset: Number(set.readBigInt64BE(0)),
    lastOffsetDelta: set.readInt32BE(23),
    firstTimestamp: Number(set.readBigInt64BE(27)),
    appendTime: (attributes & APPEND_TIME) !== 0 ? Number(set.readBigInt64BE(35)) : null,
    inTransaction: (attributes & IN_TRANSACTION) !== 0,
  });
}

const compressionOf = (set: Buffer): Compression | 'unknown' =>
  COMPRESSIONS[set.readInt16BE(21) & 7] ?? 'unknown';

/** As it says itself. */
const lengthOf = (set: Buffer): number => 12 + set.readUInt32BE(8);

const lastOffsetOf = (set: Buffer): bigint => set.readBigInt64BE(0) + BigInt(set.readInt32BE(23));

/** Whether it can be decoded or not. */
function withHead(set: Buffer): RecordSet {
  const attributes = set.readInt16BE(21);
  return {
    offset: String(lastOffsetOf(set)),
    isControlRecord: (attributes & CONTROL) !== 0,
    producerId: String(set.readBigInt64BE(43)),
    inTransaction: (attributes & IN_TRANSACTION) !== 0,
    bytes: set,
  };
}

function undecodable(set: Buffer, error: unknown): Undecodable {
  return {
    from: Number(set.readBigInt64BE(0)),
    to: Number(lastOffsetOf(set)) + 1,
    compression: compressionOf(set),
    reason: error instanceof Error ? error.message : String(error),
  };
}
