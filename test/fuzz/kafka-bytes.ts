/** Kafka's record batches as bytes, https://kafka.apache.org/documentation/#recordbatch, written by hand. */
import { createRequire } from 'node:module';
import {
  decodeMessages,
  decodeSets,
  type RecordSet,
  type ResponseReader,
} from '../../runtime/src/kafka/record-sets.ts';
import { varint } from './varint.ts';

const KafkajsDecoder = createRequire(import.meta.url)('kafkajs/src/protocol/decoder') as new (
  bytes: Buffer,
) => ResponseReader;

export type WireRecord = {
  key: Buffer | null;
  value: Buffer | null;
  /** Names as bytes: nothing makes them UTF-8. */
  headers: readonly (readonly [Buffer, Buffer | null])[];
};

const bytesOrNull = (bytes: Buffer | null): Buffer[] =>
  bytes === null ? [varint(-1)] : [varint(bytes.length), bytes];

/** Records one after the other, offsets from 0 on. */
export function recordsOf(records: readonly WireRecord[]): Buffer {
  const encoded = records.map(({ key, value, headers }, offset) => {
    const record = Buffer.concat([
      Buffer.of(0, 0),
      varint(offset),
      ...bytesOrNull(key),
      ...bytesOrNull(value),
      varint(headers.length),
      ...headers.flatMap(([name, of]) => [varint(name.length), name, ...bytesOrNull(of)]),
    ]);
    return Buffer.concat([varint(record.length), record]);
  });
  return Buffer.concat(encoded);
}

/** @param records compressed as `compression` says, by its number in the attributes */
export function recordSet(records: Buffer, count: number, compression = 0): Buffer {
  const head = Buffer.alloc(61);
  head.writeInt32BE(49 + records.length, 8);
  head.writeInt8(2, 16);
  head.writeInt16BE(compression, 21);
  head.writeInt32BE(count - 1, 23);
  head.writeBigInt64BE(1_700_000_000_000n, 27);
  head.writeBigInt64BE(1_700_000_000_000n, 35);
  head.writeInt32BE(count, 57);
  return Buffer.concat([head, records]);
}

/** What the runtime finds in a partition's answer to a fetch. */
export const decode = (sets: Buffer): ReturnType<typeof decodeSets> => decodeSets(split(sets));

/** The answer as kafkajs hands it on. */
export function split(sets: Buffer): RecordSet[] {
  const size = Buffer.alloc(4);
  size.writeInt32BE(sets.length);
  return decodeMessages(new KafkajsDecoder(Buffer.concat([size, sets])));
}
