/**
 * What a fetch brings of one partition: record sets (Kafka's v2 record batches), one after the other,
 * https://kafka.apache.org/documentation/#recordbatch:
 *
 *     0 baseOffset · 8 length of what follows · 12 leader epoch · 16 magic, 2 · 17 CRC-32C
 *     · 21 attributes (3 bits compression, 0x08 append time, 0x10 in a transaction, 0x20 control)
 *     · 23 lastOffsetDelta · 27 first timestamp · 35 last timestamp · 43 producer id · 51 epoch
 *     · 53 sequence · 57 number of records · 61 records, compressed or not
 *
 * A record set that cannot be read ends the answer: what stands before it is given, and in its place
 * one message that says so (`undecodable`), for the consumer to wait with. kafkajs would end the
 * whole consumer, and every other partition with it.
 */
import { createRequire } from 'node:module';
import { COMPRESSIONS, type Compression, decompress } from './compression.ts';
import { type DecodedRecord, type Decoder, decodeRecord } from './record-decoder.ts';

const KafkajsDecoder = createRequire(import.meta.url)('kafkajs/src/protocol/decoder') as new (
  bytes: Buffer,
) => Decoder;

/** Records [from, to) that were fetched and cannot be read. */
export type Undecodable = {
  readonly from: number;
  readonly to: number;
  readonly compression: Compression | 'unknown';
  readonly reason: string;
};

export type Message = DecodedRecord & { readonly undecodable?: Undecodable };

/** Most bytes of a record set, uncompressed: 16 times what the events topic takes. A bomb ends here. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Most records of a compressed set: more than an uncompressed one of 1 MiB can hold, 7 bytes each. */
const MAX_RECORDS = 200_000;

const OVERHEAD = 61;
const MAGIC = 2;

/** In the place of kafkajs's own: reads the partition's answer from the response. */
export function decodeMessages(response: Decoder): Message[] {
  const size = response.readInt32();
  if (size <= 0 || !response.canReadBytes(size)) return [];
  const bytes = response.readBytes(size);
  const messages: Message[] = [];
  for (let at = 0; at + OVERHEAD <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 8);
    const end = at + 12 + length;
    if (end > bytes.length) break; // cut off by the most bytes that the fetch takes
    const set = bytes.subarray(at, Math.max(end, at + OVERHEAD));
    try {
      if (end - at < OVERHEAD) throw new Error('it is shorter than its head');
      for (const record of decodeSet(set)) messages.push(record);
    } catch (error) {
      messages.push(undecodable(set, error));
      break;
    }
    at = end;
  }
  return messages;
}

function decodeSet(set: Buffer): Message[] {
  const magic = set.readInt8(16);
  if (magic !== MAGIC) throw new Error(`its format is ${magic}, and only ${MAGIC} is known`);
  const compression = compressionOf(set);
  if (compression === 'unknown') throw new Error('it is compressed by something unknown');
  const count = set.readInt32BE(57);
  if (count < 0) throw new Error(`it holds ${count} records`);
  if (compression !== 'none' && count > MAX_RECORDS) {
    throw new Error(`it holds ${count} records, more than ${MAX_RECORDS}`);
  }
  const context = contextOf(set);
  const decoder = new KafkajsDecoder(decompress(set.subarray(OVERHEAD), compression, MAX_BYTES));
  const records: Message[] = [];
  for (let left = count; left > 0; left -= 1) {
    const length = decoder.readVarInt();
    if (length < 0 || !decoder.canReadBytes(length)) {
      throw new Error(`record ${count - left + 1} of ${count} ends beyond its bytes`);
    }
    records.push(decodeRecord(new KafkajsDecoder(decoder.readBytes(length)), context));
  }
  if (decoder.canReadBytes(1)) throw new Error(`bytes stand after record ${count} of ${count}`);
  return records;
}

const compressionOf = (set: Buffer): Compression | 'unknown' =>
  COMPRESSIONS[set.readInt16BE(21) & 7] ?? 'unknown';

function contextOf(set: Buffer) {
  const attributes = set.readInt16BE(21);
  return {
    firstOffset: String(set.readBigInt64BE(0)),
    firstTimestamp: String(set.readBigInt64BE(27)),
    maxTimestamp: String(set.readBigInt64BE(35)),
    isAppendTime: (attributes & 0x08) !== 0,
    producerId: String(set.readBigInt64BE(43)),
    inTransaction: (attributes & 0x10) !== 0,
    isControlBatch: (attributes & 0x20) !== 0,
  };
}

/** It bears the set's last offset, and its transaction: where that was aborted, nobody needs to read it. */
function undecodable(set: Buffer, error: unknown): Message {
  const from = Number(set.readBigInt64BE(0));
  const last = from + set.readInt32BE(23);
  return {
    offset: String(last),
    timestamp: '0',
    key: null,
    value: null,
    headers: {},
    isControlRecord: false,
    batchContext: contextOf(set),
    undecodable: {
      from,
      to: last + 1,
      compression: compressionOf(set),
      reason: error instanceof Error ? error.message : String(error),
    },
  };
}
