/**
 * kafkajs, with one of its parts replaced: the decoder of a record. Its own copies all headers read
 * so far for each further one, so that a single hostile record of 100 kB stops the process for a
 * minute, and one of 1 MiB for hours; and it reads a header's earlier values from Object.prototype
 * when the header is called `toString`. This one is linear and knows no prototype. What it gives is
 * the same: a value, or an array of values where a name stands several times.
 *
 * Record, as https://kafka.apache.org/documentation/#record:
 *
 *     length varint · attributes int8 · timestampDelta varlong · offsetDelta varint
 *     · key · value (varint length, -1 for null) · headers [{ key, value }]
 */
import { createRequire } from 'node:module';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { IHeaders } from 'kafkajs';

/** kafkajs's reader over the bytes of a response. */
type Decoder = {
  readInt8(): number;
  readVarInt(): number;
  readVarLong(): { toString(): string };
  readVarIntBytes(): Buffer | null;
  readVarIntString(): string;
};

/** What the record batch says of all its records; long numbers as text. */
type BatchContext = {
  firstOffset?: string;
  firstTimestamp?: string;
  magicByte?: number;
  isControlBatch?: boolean;
  timestampType?: number;
  maxTimestamp?: string;
};

const LOG_APPEND_TIME = 1;

function decodeRecord(decoder: Decoder, batchContext: BatchContext = {}) {
  const { firstOffset = '0', firstTimestamp = '0', maxTimestamp, timestampType } = batchContext;
  const attributes = decoder.readInt8();
  const timestampDelta = decoder.readVarLong();
  const isAppendTime = timestampType === LOG_APPEND_TIME && maxTimestamp;
  const timestamp = isAppendTime
    ? maxTimestamp
    : (BigInt(firstTimestamp) + BigInt(timestampDelta.toString())).toString();
  const offset = String(Number(firstOffset) + decoder.readVarInt());
  const key = decoder.readVarIntBytes();
  const value = decoder.readVarIntBytes();
  return {
    magicByte: batchContext.magicByte,
    attributes,
    timestamp,
    offset,
    key,
    value,
    headers: decodeHeaders(decoder),
    isControlRecord: batchContext.isControlBatch ?? false,
    batchContext,
  };
}

function decodeHeaders(decoder: Decoder): IHeaders {
  const headers = Object.create(null) as Record<string, unknown>;
  for (let left = decoder.readVarInt(); left > 0; left -= 1) {
    const name = decoder.readVarIntString();
    const value = decoder.readVarIntBytes();
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = [before, value];
  }
  return headers as IHeaders;
}

const require = createRequire(import.meta.url);
const path = require.resolve('kafkajs/src/protocol/recordBatch/record/v0/decoder');
require(path);
(require.cache[path] as NodeJS.Module).exports = decodeRecord;

/** All of kafkajs; to be taken from here, for the decoder must be in place before it is loaded. */
export const kafkajs: typeof import('kafkajs') = require('kafkajs');

/** Larger than any record set that the topics take; a bomb ends here. Bytes. */
const MAX_RECORD_SET = 64 * 1024 * 1024;

// The events topic is uncompressed. Where somebody changed that for a while, what was written then
// must still be read, or its partition stands still for ever. kafkajs brings gzip alone.
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }: { buffer: Buffer }) => zstdCompressSync(buffer),
  decompress: async (buffer: Buffer) =>
    zstdDecompressSync(buffer, { maxOutputLength: MAX_RECORD_SET }),
});
