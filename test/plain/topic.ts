/** Topics as a plain kafkajs consumer and admin show them: nothing of the code under test. */
import { randomUUID } from 'node:crypto';
import kafkajs, { type Admin, type Kafka, type KafkaMessage } from 'kafkajs';

export type PlainRecord = { partition: number; offset: number; value: Buffer | null };

export function plainKafka(brokers: string[]): Kafka {
  return new kafkajs.Kafka({ brokers, clientId: 'plain', logLevel: kafkajs.logLevel.NOTHING });
}

/** All records of a topic up to its end, those of open and aborted transactions too, by partition. */
export async function readTopic(brokers: string[], topic: string): Promise<PlainRecord[][]> {
  const kafka = plainKafka(brokers);
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  const open = new Set(offsets.filter(({ low, high }) => low !== high).map((o) => o.partition));
  const records: PlainRecord[][] = offsets.map(() => []);
  if (open.size > 0) {
    const groupId = `plain-${randomUUID()}`;
    const consumer = kafka.consumer({ groupId, readUncommitted: true, maxWaitTimeInMs: 100 });
    const done = Promise.withResolvers<void>();
    consumer.on('consumer.end_batch_process', ({ payload }) => {
      if (Number(payload.lastOffset) + 1 >= Number(payload.highWatermark)) {
        open.delete(payload.partition);
        if (open.size === 0) done.resolve();
      }
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { partition, messages } }) => {
        records[partition]?.push(...messages.map((message) => toPlain(partition, message)));
      },
    });
    await done.promise;
    await consumer.disconnect();
    await admin.deleteGroups([groupId]);
  }
  await admin.disconnect();
  return records.map((partition) => partition.sort((a, b) => a.offset - b.offset));
}

function toPlain(partition: number, { offset, value }: KafkaMessage): PlainRecord {
  return { partition, offset: Number(offset), value };
}

/** What the state group of a service has committed, over all partitions: how far it has come. */
export async function sealedOffsets(brokers: string[], stateGroup: string, topic: string) {
  return withAdmin(brokers, async (admin) => {
    const [entry] = await admin.fetchOffsets({ groupId: stateGroup, topics: [topic] });
    return sum(entry?.partitions.map(({ offset }) => Math.max(0, Number(offset))) ?? []);
  });
}

/** The ends of all partitions of a topic: how far there is to go. */
export async function topicEnd(brokers: string[], topic: string): Promise<number> {
  return withAdmin(brokers, async (admin) =>
    sum((await admin.fetchTopicOffsets(topic)).map(({ high }) => Number(high))),
  );
}

const sum = (numbers: number[]): number => numbers.reduce((total, n) => total + n, 0);

async function withAdmin<T>(brokers: string[], use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = plainKafka(brokers).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}
