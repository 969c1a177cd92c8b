/** Produces records whose bytes and producer ids are chosen freely, as no client does: kafkajs's encoders, the requests by hand. */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder');
const createRequest = require('kafkajs/src/protocol/request');
const Record = require('kafkajs/src/protocol/recordBatch/record/v0');
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0');

const PRODUCE = { apiKey: 0, apiVersion: 3, apiName: 'Produce' };
const INIT_PRODUCER_ID = { apiKey: 22, apiVersion: 0, apiName: 'InitProducerId' };
const ALL_REPLICAS = -1;
const NO_PRODUCER = -1;

/** The bytes of a record that says so of its place in the set. */
export const recordAt = (offsetDelta: number, value: string): Buffer =>
  Record({ offsetDelta, key: null, value: Buffer.from(value) }).buffer;

/** The bytes of a record that is the first of its set. */
export const recordOf = (value: Buffer): Buffer =>
  Record({ offsetDelta: 0, key: null, value }).buffer;

/** Of an idempotent producer, or a transactional one. */
export type ForgedProducer = { producerId: number; producerEpoch: number };

/**
 * Sends one uncompressed record set, as the first of the idempotent producer with this id, or as data of
 * a transaction, whether the coordinator knows it or not.
 * @throws Error when the broker refuses it
 */
export async function produceForged(
  broker: string,
  topic: string,
  forged: readonly Buffer[],
  {
    partition = 0,
    producerId = NO_PRODUCER,
    producerEpoch = 0,
    transactionalId = null as string | null,
  } = {},
): Promise<void> {
  const records = forged.map((record) => new Encoder().writeBuffer(record));
  const set = await RecordBatch({
    ...{ records, producerId, producerEpoch, transactional: transactionalId !== null },
    lastOffsetDelta: records.length - 1,
  });
  const into = new Encoder().writeInt32(partition).writeInt32(set.size()).writeEncoder(set);
  const encode = async () =>
    new Encoder()
      .writeString(transactionalId)
      .writeInt16(ALL_REPLICAS)
      .writeInt32(30_000)
      .writeArray([new Encoder().writeString(topic).writeArray([into])]);
  const answer = await ask(broker, { ...PRODUCE, encode });
  // One topic (its name), one partition: its number, then the error code.
  const errorCode = answer.readInt16BE(4 + 2 + topic.length + 4 + 4);
  if (errorCode !== 0) throw new Error(`the broker answered with error code ${errorCode}`);
}

/** An id that the broker gives to an idempotent producer, as to all who ask; the next one gets the next. */
export async function newProducerId(broker: string): Promise<number> {
  return (await initProducerId(broker, null)).producerId;
}

/**
 * Becomes the owner of a transactional id, which shuts out the one before.
 * @throws Error when the broker refuses it, as while it ends a transaction
 */
export async function initProducerId(
  broker: string,
  transactionalId: string | null,
): Promise<ForgedProducer> {
  const encode = async () => new Encoder().writeString(transactionalId).writeInt32(30_000);
  const answer = await ask(broker, { ...INIT_PRODUCER_ID, encode });
  // The time throttled comes before it.
  const errorCode = answer.readInt16BE(4);
  if (errorCode !== 0) throw new Error(`the broker answered with error code ${errorCode}`);
  return {
    producerId: Number(answer.readBigInt64BE(4 + 2)),
    producerEpoch: answer.readInt16BE(4 + 2 + 8),
  };
}

/** The answer without its size and correlation id. */
async function ask(broker: string, request: object): Promise<Buffer> {
  const { buffer } = await createRequest({ correlationId: 1, clientId: 'forger', request });
  const [host, port] = broker.split(':') as [string, string];
  const socket = connect(Number(port), host);
  try {
    socket.write(buffer);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.subarray(4 + 4);
  } finally {
    socket.destroy();
  }
}
