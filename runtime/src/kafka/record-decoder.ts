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
  readVarIntBytes(): Buffer | null;
  readVarIntString(): string;
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
    key: decoder.readVarIntBytes(),
    value: decoder.readVarIntBytes(),
    headers: decodeHeaders(decoder),
    isControlRecord: context.isControlBatch,
    batchContext: context,
  };
  refuseOverrun(decoder);
  return record;
}

/** A value, or an array of values where a name stands several times, on an object without a prototype. */
function decodeHeaders(decoder: Decoder): IHeaders {
  const headers = Object.create(null) as Record<string, unknown>;
  for (let left = decoder.readVarInt(); left > 0; left -= 1) {
    const name = decoder.readVarIntString();
    const value = decoder.readVarIntBytes();
    refuseOverrun(decoder);
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = [before, value];
  }
  return headers as IHeaders;
}

/** kafkajs's reader goes on beyond its bytes and finds nothing there. */
function refuseOverrun({ offset, buffer }: Decoder): void {
  if (offset > buffer.length) throw new Error('a record ends beyond its bytes');
}
