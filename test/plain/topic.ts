/** Topics as a plain kafkajs consumer and admin show them: nothing of the code under test. */
import { type ForkOptions, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type Admin, type IHeaders, type ITopicConfig, type Kafka } from 'kafkajs';

const READER = `${import.meta.dirname}/topic-reader.ts`;
const POLL_MS = 20;

export type PlainRecord = {
  partition: number;
  offset: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: IHeaders;
};

export function plainKafka(brokers: string[]): Kafka {
  return new kafkajs.Kafka({ brokers, clientId: 'plain', logLevel: kafkajs.logLevel.NOTHING });
}

/**
 * Creates a topic and waits until the broker shows it as it was made. kafkajs's own wait fails where
 * the broker has not heard of the topic yet.
 * @throws what the broker says last, after 20 seconds
 */
export async function createTopic(admin: Admin, config: ITopicConfig): Promise<void> {
  await admin.createTopics({ topics: [config], waitForLeaders: false });
  for (const until = performance.now() + 20_000; ; await delay(POLL_MS)) {
    const shown = await admin.fetchTopicMetadata({ topics: [config.topic] }).catch((error) => {
      if (performance.now() > until) throw error;
      return null;
    });
    const partitions = shown?.topics[0]?.partitions.length;
    if (partitions !== undefined && partitions === (config.numPartitions ?? partitions)) return;
    if (performance.now() > until) {
      throw new Error(`${config.topic} is shown with ${partitions} partitions`);
    }
  }
}

/**
 * All records of a topic up to its end, by partition; those of open and aborted transactions too,
 * unless only what is `committed` is asked for.
 */
export async function readTopic(
  brokers: string[],
  topic: string,
  ...isolation: 'committed'[]
): Promise<PlainRecord[][]> {
  const args = [brokers.join(','), topic, ...isolation];
  // `advanced` carries Buffers as they are.
  const how = {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  };
  const reader = fork(READER, args, how as ForkOptions);
  let errors = '';
  reader.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  let partitions: PlainRecord[][] = [];
  reader.on('message', (message: { partitions: number } | { records: PlainRecord[] }) => {
    if ('partitions' in message) partitions = Array.from(Array(message.partitions), () => []);
    else for (const record of message.records) partitions[record.partition]?.push(record);
  });
  const [code] = await once(reader, 'close');
  if (code !== 0) throw new Error(`the reader of ${topic} ended with ${code}: ${errors}`);
  return partitions.map((partition) => partition.sort((a, b) => a.offset - b.offset));
}

/** What the state group of a service has committed, over all partitions: how far it has come. */
export async function sealedOffsets(brokers: string[], stateGroup: string, topic: string) {
  return withAdmin(brokers, (admin) => offsetsOf(admin, stateGroup, topic));
}

/** Waits until they have come so far, as one who looks often and is hardly noticed. */
export async function untilSealedOffsets(
  brokers: string[],
  stateGroup: string,
  topic: string,
  due: number,
): Promise<void> {
  await withAdmin(brokers, async (admin) => {
    while ((await offsetsOf(admin, stateGroup, topic)) < due) await delay(POLL_MS);
  });
}

async function offsetsOf(admin: Admin, groupId: string, topic: string): Promise<number> {
  const [entry] = await admin.fetchOffsets({ groupId, topics: [topic] });
  return sum(entry?.partitions.map(({ offset }) => Math.max(0, Number(offset))) ?? []);
}

/** The ends of all partitions of a topic together: how far there is to go. */
export async function topicEnd(brokers: string[], topic: string): Promise<number> {
  return sum(await topicEnds(brokers, topic));
}

/** The end of each partition of a topic. */
export async function topicEnds(brokers: string[], topic: string): Promise<number[]> {
  return withAdmin(brokers, async (admin) =>
    (await admin.fetchTopicOffsets(topic)).map(({ high }) => Number(high)),
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
