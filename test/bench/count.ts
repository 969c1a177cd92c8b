/**
 * The reference: a plain kafkajs consumer that only counts. Ends when it has seen every offset.
 *
 *     node count.ts <brokers> <topic> <records>
 */
import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { endScript } from './script.ts';

const [brokers, topic, records] = process.argv.slice(2) as [string, string, string];
const kafka = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.ERROR });
// The fetch settings of the ingestor.
const consumer = kafka.consumer({
  groupId: `count-${randomUUID()}`,
  readUncommitted: true,
  maxBytesPerPartition: 1024 * 1024,
  maxBytes: 1024 * 1024,
  maxWaitTimeInMs: 250,
});
let left = Number(records);
let began = 0;
consumer.on(consumer.events.GROUP_JOIN, () => {
  began = performance.now();
});
const done = Promise.withResolvers<void>();
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    left -= batch.messages.length;
    if (left <= 0) done.resolve();
  },
});
await done.promise;
endScript(began);
