/** Produces records whose bytes are chosen freely, as no client does: kafkajs's encoders, the request by hand. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder');
const createRequest = require('kafkajs/src/protocol/request');
const Record = require('kafkajs/src/protocol/recordBatch/record/v0');
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0');

const PRODUCE = { apiKey: 0, apiVersion: 3, apiName: 'Produce' };
const ALL_REPLICAS = -1;

/** The bytes of a record that says so of its place in the set. */
export const recordAt = (offsetDelta: number, value: string): Buffer =>
  Record({ offsetDelta, key: null, value: Buffer.from(value) }).buffer;

/**
 * Sends one uncompressed record set to partition 0.
 * @throws Error when the broker refuses it
 */
export async function produceForged(
  broker: string,
  topic: string,
  forged: readonly Buffer[],
): Promise<void> {
  const records = forged.map((record) => new Encoder().writeBuffer(record));
  const set = await RecordBatch({ records, lastOffsetDelta: records.length - 1 });
  const partition = new Encoder().writeInt32(0).writeInt32(set.size()).writeEncoder(set);
  const encode = async () =>
    new Encoder()
      .writeString(null)
      .writeInt16(ALL_REPLICAS)
      .writeInt32(30_000)
      .writeArray([new Encoder().writeString(topic).writeArray([partition])]);
  const request = await createRequest({
    correlationId: 1,
    clientId: 'forger',
    request: { ...PRODUCE, encode },
  });
  const errorCode = await answerTo(request.buffer, broker, topic);
  if (errorCode !== 0) throw new Error(`the broker answered with error code ${errorCode}`);
}

/** Size, correlation id, one topic (its name), one partition: its number, then the error code. */
async function answerTo(request: Buffer, broker: string, topic: string): Promise<number> {
  const [host, port] = broker.split(':') as [string, string];
  const socket = connect(Number(port), host);
  try {
    socket.write(request);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.readInt16BE(4 + 4 + 4 + 2 + topic.length + 4 + 4);
  } finally {
    socket.destroy();
  }
}
