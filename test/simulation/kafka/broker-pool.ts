/**
 * In the place of kafkajs's broker pool: all of kafkajs above its connections runs as it is, and what
 * it would send goes to the model. The methods of a broker take and give what kafkajs's own do.
 */
import { theWorld } from '../world.ts';
import { connectionClosed, protocolError, requestTimeout } from './errors.ts';
import type { Kafka } from './model.ts';
import type { NewRecord } from './partition-log.ts';

let kafka: Kafka | null = null;

export function theKafka(): Kafka {
  if (kafka === null) throw new Error('no Kafka is running');
  return kafka;
}

export function useKafka(next: Kafka | null): void {
  kafka = next;
}

type PartitionMetadata = { partitionErrorCode: number; partitionId: number; leader: number };
type TopicMetadata = { topic: string; partitionMetadata: PartitionMetadata[] };
type Metadata = { brokers: object[]; controllerId: number; topicMetadata: TopicMetadata[] };

type Sender = { transactionalId?: string; producerId: string; producerEpoch: number };
type Message = { key?: string | Buffer | null; value: Buffer | null; headers?: object };
type TopicData = {
  topic: string;
  partitions: { partition: number; firstSequence: number; messages: Message[] }[];
};

const LATEST_OFFSET = -1;
const READ_COMMITTED = 1;

class Broker {
  readonly nodeId: number;
  readonly #pool: BrokerPool;
  readonly #kafka: Kafka;

  constructor(nodeId: number, pool: BrokerPool) {
    this.nodeId = nodeId;
    this.#pool = pool;
    this.#kafka = theKafka();
  }

  isConnected = () => true;

  initProducerId({
    transactionalId,
    transactionTimeout,
  }: {
    transactionalId?: string;
    transactionTimeout: number;
  }) {
    this.#pool.isProducers = true;
    return this.#ask('InitProducerId', () => {
      const { producerId, epoch } =
        transactionalId === undefined
          ? { producerId: this.#kafka.newProducerId(), epoch: 0 }
          : this.#kafka.initTransactionalId(transactionalId, transactionTimeout);
      return { producerId: String(producerId), producerEpoch: epoch };
    });
  }

  addPartitionsToTxn({
    topics,
    ...sender
  }: Sender & { topics: { topic: string }[] }): Promise<object> {
    return this.#ask('AddPartitionsToTxn', () => {
      for (const { topic } of topics) this.#kafka.addToTransaction(...idOf(sender), { topic });
      return {};
    });
  }

  addOffsetsToTxn({ groupId: group, ...sender }: Sender & { groupId: string }): Promise<object> {
    return this.#ask('AddOffsetsToTxn', () => {
      this.#kafka.addToTransaction(...idOf(sender), { group });
      return {};
    });
  }

  produce({ topicData, ...sender }: Sender & { topicData: TopicData[] }): Promise<object> {
    const [{ topic, partitions }] = topicData as [TopicData];
    const [{ partition, firstSequence: sequence, messages }] = partitions as [
      TopicData['partitions'][number],
    ];
    const records = messages.map(toRecord);
    const append = () => {
      const log = this.#led(topic);
      const isTransactional = sender.transactionalId !== undefined;
      if (isTransactional) this.#kafka.verify(...idOf(sender), { topic });
      const [producerId, epoch] = [Number(sender.producerId), sender.producerEpoch];
      const batch = { producerId, epoch, sequence, isTransactional, records };
      return log.append(batch, this.#kafka.world.now);
    };
    const replicate = ({ end }: { end: number }) => {
      const log = this.#led(topic);
      if (log.end < end) throw protocolError('NOT_LEADER_FOR_PARTITION');
      log.replicate(end);
      this.#kafka.flow(topic);
    };
    return this.#ask('Produce', append, replicate).then(({ offset, timestamp }) => {
      const written = { baseOffset: String(offset), logAppendTime: String(timestamp) };
      return {
        topics: [{ topicName: topic, partitions: [{ partition, errorCode: 0, ...written }] }],
      };
    });
  }

  txnOffsetCommit({
    groupId: group,
    topics,
    ...sender
  }: Sender & {
    groupId: string;
    topics: { partitions: { offset: string; metadata: string }[] }[];
  }): Promise<object> {
    return this.#ask('TxnOffsetCommit', () => {
      this.#kafka.verify(...idOf(sender), { group });
      const [{ offset, metadata }] = topics.flatMap(({ partitions }) => partitions) as [
        { offset: string; metadata: string },
      ];
      const state = { offset: Number(offset), metadata };
      this.#kafka.offsetsOf(group).pending.set(Number(sender.producerId), state);
      return {};
    });
  }

  endTxn({
    transactionResult,
    ...sender
  }: Sender & { transactionResult: boolean }): Promise<object> {
    return this.#ask('EndTxn', () => {
      this.#kafka.endTransaction(...idOf(sender), transactionResult);
      return {};
    });
  }

  async findGroupCoordinator(): Promise<object> {
    return { coordinator: { nodeId: 1, host: 'broker', port: 9092 } };
  }

  metadata(topics: readonly string[]): Promise<Metadata> {
    return this.#look('Metadata', () => this.#pool.describe(topics));
  }

  listOffsets({
    isolationLevel = READ_COMMITTED,
    topics,
  }: {
    isolationLevel?: number;
    topics: { topic: string; partitions: { partition: number; timestamp: number }[] }[];
  }): Promise<object> {
    return this.#look('ListOffsets', () => ({
      responses: topics.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(({ partition, timestamp }) => {
          const log = this.#led(topic);
          const end = isolationLevel === READ_COMMITTED ? log.stable : log.replicated;
          const offset = timestamp === LATEST_OFFSET ? end : log.start;
          return { partition, offset: String(offset) };
        }),
      })),
    }));
  }

  offsetFetch({
    groupId,
    topics,
  }: {
    groupId: string;
    topics: { topic: string; partitions: { partition: number }[] }[];
  }): Promise<object> {
    return this.#ask('OffsetFetch', () => {
      const { committed } = this.#kafka.offsetsOf(groupId);
      const { offset, metadata } = committed ?? { offset: -1, metadata: '' };
      return {
        responses: topics.map(({ topic, partitions }) => ({
          topic,
          partitions: partitions.map(({ partition }) => {
            return { partition, offset: String(offset), metadata };
          }),
        })),
      };
    });
  }

  /** The log, when this broker leads it. */
  #led(topic: string) {
    const log = this.#kafka.topic(topic);
    if (log.leader !== this.nodeId) throw protocolError('NOT_LEADER_FOR_PARTITION');
    return log;
  }

  /** Asked so often, and changing nothing, that mostly it is answered at once: rounds are so the shorter. */
  async #look<T>(name: string, effect: () => T): Promise<T> {
    return theWorld().random.chance(0.7) ? effect() : this.#ask(name, effect);
  }

  #ask<T>(name: string, effect: () => T, confirm?: (result: T) => void): Promise<T> {
    return theWorld().request(name, failuresOf(name), effect, confirm);
  }
}

const idOf = ({ transactionalId, producerId, producerEpoch }: Sender): [string, number, number] => [
  transactionalId as string,
  Number(producerId),
  producerEpoch,
];

const toRecord = ({ key, value, headers }: Message): NewRecord => ({
  key: key == null ? null : Buffer.from(key),
  value,
  headers: Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, content]) => [name, Buffer.from(content)]),
  ),
});

/** Refused without effect: by the coordinator that moves, by a leader that lacks replicas. */
const REFUSALS: Record<string, string> = {
  Produce: 'NOT_ENOUGH_REPLICAS',
  Metadata: 'LEADER_NOT_AVAILABLE',
  ListOffsets: 'UNKNOWN_TOPIC_OR_PARTITION',
  Fetch: 'NOT_LEADER_FOR_PARTITION',
};

export const failuresOf = (name: string) => ({
  refused: () => protocolError(REFUSALS[name] ?? 'NOT_COORDINATOR_FOR_GROUP'),
  unanswered: () => (theWorld().random.chance(0.5) ? connectionClosed() : requestTimeout()),
  odd: () => protocolError('UNKNOWN'),
});

export class BrokerPool {
  /** What this client was told last. */
  metadata: Metadata | null = null;
  /** Whether a producer uses it. */
  isProducers = false;
  readonly #brokers = [1, 2].map((nodeId) => new Broker(nodeId, this));
  readonly #maxAge: number;
  #known = new Set<string>();
  #expireAt = 0;

  constructor({ metadataMaxAge = 0 }: { metadataMaxAge?: number }) {
    this.#maxAge = metadataMaxAge;
  }

  hasConnectedBrokers = () => true;
  getNodeIds = () => [1, 2];
  removeBroker(): void {}
  async connect(): Promise<void> {}
  async disconnect(): Promise<void> {}

  async findBroker({ nodeId }: { nodeId: string | number }): Promise<Broker> {
    return this.#brokers[Number(nodeId) - 1] as Broker;
  }

  async withBroker<T>(use: (args: { nodeId: number; broker: Broker }) => Promise<T>): Promise<T> {
    return use({ nodeId: 1, broker: this.#brokers[0] as Broker });
  }

  async refreshMetadata(topics: readonly string[]): Promise<void> {
    this.metadata = this.describe(topics);
    this.#known = new Set(topics);
    this.#expireAt = theWorld().now + this.#maxAge;
  }

  async refreshMetadataIfNecessary(topics: readonly string[]): Promise<void> {
    const isOld = theWorld().now >= this.#expireAt;
    if (isOld || topics.some((topic) => !this.#known.has(topic)))
      await this.refreshMetadata(topics);
  }

  describe(wanted: readonly string[]): Metadata {
    const kafka = theKafka();
    const { isCalm, random } = kafka.world;
    const names = wanted.length === 0 ? [...kafka.topics.keys()] : wanted;
    const isHidden = this.isProducers && !isCalm && random.chance(kafka.hiddenRate);
    return {
      brokers: [],
      controllerId: 1,
      topicMetadata: names.map((topic) => {
        const { leader } = kafka.topic(topic);
        const partitionId = isHidden ? 1 : 0;
        return { topic, partitionMetadata: [{ partitionErrorCode: 0, partitionId, leader }] };
      }),
    };
  }
}
