/**
 * A process of its own that reads a topic to its end, for topic.ts: here nothing but kafkajs is
 * loaded, while in the tests' own process the product has put parts of its own into it.
 *
 * Arguments: brokers, topic, and `committed` where open and aborted transactions are to be left out.
 */
import { randomUUID } from 'node:crypto';
import kafkajs, { type KafkaMessage } from 'kafkajs';
import type { PlainRecord } from './topic.ts';

const [brokers = '', topic = '', isolation] = process.argv.slice(2);
const readUncommitted = isolation !== 'committed';
const kafka = new kafkajs.Kafka({
  brokers: brokers.split(','),
  clientId: 'plain',
  logLevel: kafkajs.logLevel.NOTHING,
});

const admin = kafka.admin();
await admin.connect();
const offsets = await admin.fetchTopicOffsets(topic);
await send({ partitions: offsets.length });
const open = new Set(offsets.filter(({ low, high }) => low !== high).map((o) => o.partition));
if (open.size > 0) {
  const groupId = `plain-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, readUncommitted, maxWaitTimeInMs: 100 });
  const done = Promise.withResolvers<void>();
  consumer.on('consumer.end_batch_process', ({ payload }) => {
    if (Number(payload.lastOffset) + 1 < Number(payload.highWatermark)) return;
    open.delete(payload.partition);
    if (open.size === 0) done.resolve();
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch: { partition, messages } }) =>
      send({ records: messages.map((message) => toPlain(partition, message)) }),
  });
  await done.promise;
  await consumer.disconnect();
  await admin.deleteGroups([groupId]);
}
await admin.disconnect();
process.disconnect();

function toPlain(partition: number, { offset, key, value, headers }: KafkaMessage): PlainRecord {
  return { partition, offset: Number(offset), key, value, headers: headers ?? {} };
}

function send(message: { partitions: number } | { records: PlainRecord[] }): Promise<void> {
  return new Promise((resolve) => process.send?.(message, () => resolve()));
}
