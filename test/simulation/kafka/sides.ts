/** The model and the real broker behind one face, so that one test asks both the same. */
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { type Servers, startServers } from '@authseal/deploy/local';
import { createLogger } from '@authseal/runtime';
import {
  type AssignedConsumerOptions,
  type Fetched,
  KafkaAdmin,
  AssignedConsumer as RealConsumer,
} from '@authseal/runtime/kafka';
import { vi } from 'vitest';
import { plainKafka } from '../../plain/topic.ts';
import { type Losing, loseAnswers } from '../lose-answer.ts';
import { Process, runIn, World } from '../world.ts';
import { BrokerPool, useKafka } from './broker-pool.ts';
import { AssignedConsumer as ModelConsumer } from './consumer.ts';
import { Kafka } from './model.ts';

/** kafkajs's own face of a broker: it has no types. */
// biome-ignore lint/suspicious/noExplicitAny: kafkajs declares types for its public parts only
type Broker = Record<string, (args: any) => Promise<any>>;

type Reader = { readonly fetched: Fetched[]; from(offset: number): Promise<void> };

export type Side = {
  readonly broker: Broker;
  newTopic(): Promise<string>;
  /** A transactional id, or a group, whose coordinator is there. */
  newName(coordinator: 'transaction' | 'group'): Promise<string>;
  /** The next answer of the broker does not arrive. */
  loseAnswer(): void;
  /** Drops what lies below. */
  deleteRecords(topic: string, before: number): Promise<void>;
  reader(topic: string, readUncommitted: boolean): Promise<Reader>;
  /** Lets time pass until it holds. */
  until(holds: () => boolean | Promise<boolean>): Promise<void>;
  close(): Promise<void>;
};

const TIMEOUT = { transactionTimeout: 60_000 };
const silent = createLogger({ service: 'test', deployment: 'test', level: 'silent' });
const readerOptions = (connection: object, topic: string, readUncommitted: boolean) =>
  ({
    ...{ connection, clientId: 'test', group: `group-${randomUUID()}`, topic, readUncommitted },
    ...{ maxBytesPerPartition: 1024 * 1024, sessionTimeoutMs: 6000, log: silent },
  }) as AssignedConsumerOptions;

/** What a reader is told, and what lets it flow. */
function listen() {
  const fetched: Fetched[] = [];
  const joins: (readonly number[])[] = [];
  const listener = {
    assigned: (partitions: readonly number[]) => void joins.push(partitions),
    fetched: (fetch: Fetched) => void fetched.push(fetch),
    unreadable: () => {},
    heartbeat: () => {},
  };
  return { fetched, joins, listener };
}

export async function modelSide(): Promise<Side> {
  const world = new World(1);
  world.isCalm = true;
  world.haste = 0;
  const kafka = new Kafka(world);
  const process = new Process('test', 'test');
  runIn(world);
  useKafka(kafka);
  const broker = (await new BrokerPool({}).findBroker({ nodeId: 1 })) as unknown as Broker;
  let names = 0;
  const until = async (holds: () => boolean | Promise<boolean>) => {
    for (let steps = 0; !(await holds()); steps += 1) {
      if (steps > 10_000) throw new Error('it never holds');
      await world.step();
    }
  };
  /** In the process; the world goes on until it is answered. */
  async function run<T>(ask: () => Promise<T>): Promise<T> {
    let isSettled = false;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const settled = () => {
      isSettled = true;
    };
    promise.then(settled, settled);
    await world.enter(process, () => void ask().then(resolve, reject));
    await until(() => isSettled);
    return promise;
  }
  return {
    broker: new Proxy(broker, {
      get: (target, name: string) => (args: object) => run(async () => target[name]?.(args)),
    }),
    async newTopic() {
      names += 1;
      kafka.createTopic(`topic-${names}`);
      return `topic-${names}`;
    },
    async newName() {
      names += 1;
      return `name-${names}`;
    },
    loseAnswer() {
      world.nextFate = 'unanswered';
    },
    async deleteRecords(topic, before) {
      kafka.topic(topic).start = before;
    },
    async reader(topic, readUncommitted) {
      const { fetched, joins, listener } = listen();
      let consumer: ModelConsumer | undefined;
      await world.enter(process, () => {
        consumer = new ModelConsumer(readerOptions({}, topic, readUncommitted), listener);
      });
      await until(() => joins.length > 0);
      return {
        fetched,
        from: (offset) =>
          world.enter(process, () => {
            consumer?.seek(0, offset);
            consumer?.resume(0);
          }),
      };
    },
    until,
    async close() {
      runIn(null);
      useKafka(null);
    },
  };
}

export async function realSide(): Promise<Side> {
  const servers: Servers = await startServers({ report: () => {} });
  const { kafkaBrokers } = servers;
  const connection = { kafkaBrokers, kafkaSsl: false as const, kafkaSasl: undefined };
  const admin = await KafkaAdmin.connect(connection, 'test', silent);
  const plain = plainKafka(kafkaBrokers).admin();
  await plain.connect();
  const losing: Losing = { isLosing: false };
  const cluster = await connect(kafkaBrokers, losing);
  const closing: (() => Promise<void>)[] = [];
  const until = async (holds: () => boolean | Promise<boolean>) => {
    await vi.waitUntil(holds, { timeout: 60_000, interval: 20 });
  };
  // Found anew each time, which connects again after a break.
  const broker: Broker = new Proxy(
    {},
    {
      get: (_, name: string) => async (args: object) =>
        (await cluster.findControllerBroker())[name]?.(args),
    },
  );
  const answers = (asked: Promise<unknown> | undefined): Promise<boolean> =>
    Promise.resolve(asked).then(
      () => true,
      () => false,
    );
  // A broker that has just started has neither coordinators nor producer ids yet.
  await until(() => answers(broker.initProducerId?.(TIMEOUT)));
  return {
    broker,
    async newTopic() {
      const topic = `topic-${randomUUID()}`;
      await admin.createTopic(topic, 1, 1, { 'message.timestamp.type': 'LogAppendTime' });
      return topic;
    },
    async newName(coordinator) {
      const groupId = `name-${randomUUID()}`;
      const coordinatorType = coordinator === 'group' ? 0 : 1;
      await until(() => answers(cluster.findGroupCoordinator({ groupId, coordinatorType })));
      const isLoaded =
        coordinator === 'group'
          ? () => answers(broker.offsetFetch?.({ groupId, topics: [] }))
          : () => answers(broker.initProducerId?.({ transactionalId: groupId, ...TIMEOUT }));
      await until(isLoaded);
      return groupId;
    },
    loseAnswer() {
      losing.isLosing = true;
    },
    async deleteRecords(topic, before) {
      const partitions = [{ partition: 0, offset: String(before) }];
      await plain.fetchTopicOffsets(topic); // without it, kafkajs does not know the topic's leader
      await plain.deleteTopicRecords({ topic, partitions });
    },
    async reader(topic, readUncommitted) {
      const { fetched, joins, listener } = listen();
      const consumer = new RealConsumer(
        readerOptions(connection, topic, readUncommitted),
        listener,
      );
      closing.push(() => consumer.stop());
      await until(() => joins.length > 0);
      return {
        fetched,
        async from(offset) {
          consumer.seek(0, offset);
          consumer.resume(0);
        },
      };
    },
    until,
    async close() {
      for (const close of closing) await close();
      await cluster.disconnect();
      await plain.disconnect();
      await admin.close();
      await servers.stop();
    },
  };
}

type Cluster = {
  connect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  disconnect(): Promise<void>;
  findControllerBroker(): Promise<Broker>;
  findGroupCoordinator(args: { groupId: string; coordinatorType: number }): Promise<Broker>;
};

/** kafkajs's connections without anything above them. */
async function connect(brokers: string[], losing: Losing): Promise<Cluster> {
  const require = createRequire(import.meta.url);
  const { createLogger } = require('kafkajs/src/loggers');
  const open = require('kafkajs/src/network/socketFactory')();
  const cluster: Cluster = new (require('kafkajs/src/cluster'))({
    logger: createLogger({ level: 0, logCreator: () => () => {} }),
    socketFactory: (how: object) => loseAnswers(open(how), losing),
    ...{ brokers, clientId: 'test', connectionTimeout: 10_000, requestTimeout: 30_000 },
    ...{ retry: { retries: 5 }, metadataMaxAge: 300_000, allowAutoTopicCreation: false },
  });
  await cluster.connect();
  await cluster.refreshMetadata();
  return cluster;
}
