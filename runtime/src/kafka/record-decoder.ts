/**
 * One record, as https://kafka.apache.org/documentation/#record:
 *
 *     length varint · attributes int8 · timestampDelta varlong · offsetDelta varint
 *     · key · value (varint length, -1 for null) · headers [{ key, value }]
 */
import type { IHeaders } from 'kafkajs';

/** kafkajs's reader over bytes. */
export type Decoder = {
  readonly buffer: Buffer;
  readonly offset: number;
  readInt8(): number;
  readInt32(): number;
  readVarInt(): number;
  readVarLong(): { toString(): string };
  readBytes(length: number): Buffer;
  canReadBytes(length: number): boolean;
};

/** What the record set says of all its records; long numbers as text. */
export type RecordSetContext = {
  readonly firstOffset: string;
  readonly firstTimestamp: string;
  readonly maxTimestamp: string;
  readonly isAppendTime: boolean;
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly isControlBatch: boolean;
};

/** A record as kafkajs hands it on, as far as anybody looks at it. */
export type DecodedRecord = {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
  readonly isControlRecord: boolean;
  readonly batchContext: Pick<RecordSetContext, 'producerId' | 'inTransaction'>;
};

/** @param decoder over this record's bytes alone */
export function decodeRecord(decoder: Decoder, context: RecordSetContext): DecodedRecord {
  decoder.readInt8(); // attributes: none are in use
  const timestampDelta = decoder.readVarLong().toString();
  const offset = String(Number(context.firstOffset) + decoder.readVarInt());
  const record = {
    offset,
    timestamp: context.isAppendTime
      ? context.maxTimestamp
      : String(BigInt(context.firstTimestamp) + BigInt(timestampDelta)),
    key: readBytes(decoder),
    value: readBytes(decoder),
    headers: decodeHeaders(decoder),
    isControlRecord: context.isControlBatch,
    batchContext: context,
  };
  if (decoder.offset !== decoder.buffer.length) throw new Error('a record has bytes left over');
  return record;
}

/** A value, or an array of values where a name stands several times, on an object without a prototype. */
function decodeHeaders(decoder: Decoder): IHeaders {
  const headers = Object.create(null) as Record<string, unknown>;
  const count = decoder.readVarInt();
  if (count < 0) throw new Error(`a record has ${count} headers`);
  for (let left = count; left > 0; left -= 1) {
    const name = readBytes(decoder)?.toString();
    if (name === undefined) throw new Error('a header has no name');
    const value = readBytes(decoder);
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = [before, value];
  }
  return headers as IHeaders;
}

/** kafkajs's reader goes on beyond its bytes, and goes back where a length is negative: for ever. */
function readBytes(decoder: Decoder): Buffer | null {
  const length = decoder.readVarInt();
  if (length === -1) return null;
  if (length < 0 || !decoder.canReadBytes(length)) {
    throw new Error('a record ends beyond its bytes');
  }
  return decoder.readBytes(length);
}
