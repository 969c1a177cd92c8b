/** What the services ask of Kafka besides reading and writing: topics, offsets, states. */
import type { Admin } from 'kafkajs';
import pRetry from 'p-retry';
import { RuntimeError } from '../error.ts';
import type { Logger } from '../log.ts';
import { type KafkaConnection, newClient, newUncommittedAdmin } from './client.ts';
import { kafkajs } from './kafkajs.ts';
import type { PartitionState } from './transactional-writer.ts';

export type TopicDescription = {
  readonly partitions: number;
  /** Fewest replicas of any partition. */
  readonly replicas: number;
  /** Each of the topic's settings as the broker has it, defaults included. */
  readonly settings: ReadonlyMap<string, string>;
};

/** One access rule that holds for a topic, by its name or by a pattern. */
export type TopicRule = {
  /** `User:name` */
  readonly principal: string;
  /** Kafka's name, such as WRITE or ALTER_CONFIGS. */
  readonly operation: string;
  /** Denied otherwise. */
  readonly allows: boolean;
};

export class KafkaAdmin {
  readonly #admin: Admin;
  /** Asks where partitions end, open transactions or not. */
  readonly #uncommitted: Admin;
  readonly #closed = new AbortController();

  private constructor(admin: Admin, uncommitted: Admin) {
    this.#admin = admin;
    this.#uncommitted = uncommitted;
  }

  /** @throws RuntimeError KAFKA_UNREACHABLE */
  static async connect(
    connection: KafkaConnection,
    clientId: string,
    log: Logger,
  ): Promise<KafkaAdmin> {
    const admin = newClient(connection, clientId, log).admin();
    const uncommitted = newUncommittedAdmin(connection, clientId, log);
    try {
      await Promise.all([admin.connect(), uncommitted.connect()]);
      return new KafkaAdmin(admin, uncommitted);
    } catch (cause) {
      await Promise.allSettled([admin.disconnect(), uncommitted.disconnect()]);
      const why = cause instanceof Error ? cause.message : String(cause);
      const message = `Kafka is not reached at ${connection.kafkaBrokers.join(', ')}: ${why}. See that it runs, and that AUTHSEAL_KAFKA_BROKERS, AUTHSEAL_KAFKA_SSL and AUTHSEAL_KAFKA_SASL_… are right.`;
      throw new RuntimeError('KAFKA_UNREACHABLE', message, { cause });
    }
  }

  /** What is being asked for then fails. */
  async close(): Promise<void> {
    this.#closed.abort(new Error('the admin client was closed'));
    await Promise.all([this.#admin.disconnect(), this.#uncommitted.disconnect()]);
  }

  async brokers(): Promise<number> {
    const { brokers } = await this.#again(() => this.#admin.describeCluster());
    return brokers.length;
  }

  /** Null when there is no such topic. */
  async describeTopic(topic: string): Promise<TopicDescription | null> {
    if (!(await this.#again(() => this.#admin.listTopics())).includes(topic)) return null;
    const { topics } = await this.#again(() => this.#admin.fetchTopicMetadata({ topics: [topic] }));
    const partitions = topics[0]?.partitions ?? [];
    const { resources } = await this.#again(() =>
      this.#admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
      }),
    );
    const entries = resources[0]?.configEntries ?? [];
    return {
      partitions: partitions.length,
      replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
      settings: new Map(entries.map(({ configName, configValue }) => [configName, configValue])),
    };
  }

  /** Number of a topic's partitions; 0 when there is no such topic. */
  async partitions(topic: string): Promise<number> {
    if (!(await this.#again(() => this.#admin.listTopics())).includes(topic)) return 0;
    const { topics } = await this.#again(() => this.#admin.fetchTopicMetadata({ topics: [topic] }));
    return topics[0]?.partitions.length ?? 0;
  }

  /** The access rules for a topic; null when the brokers have no authorizer. */
  async accessRules(topic: string): Promise<TopicRule[] | null> {
    const { AclResourceTypes, ResourcePatternTypes } = kafkajs;
    const { AclOperationTypes, AclPermissionTypes } = kafkajs;
    try {
      const { resources } = await this.#admin.describeAcls({
        resourceType: AclResourceTypes.TOPIC,
        resourceName: topic,
        resourcePatternType: ResourcePatternTypes.MATCH,
        operation: AclOperationTypes.ANY,
        permissionType: AclPermissionTypes.ANY,
      });
      return resources
        .flatMap(({ acls }) => acls)
        .map(({ principal, operation, permissionType }) => ({
          principal,
          operation: nameIn(AclOperationTypes, operation),
          allows: permissionType === AclPermissionTypes.ALLOW,
        }));
    } catch (error) {
      if ((error as { type?: unknown }).type === 'SECURITY_DISABLED') return null;
      throw error;
    }
  }

  async createTopic(
    topic: string,
    partitions: number,
    replicas: number,
    settings: Readonly<Record<string, string>>,
  ): Promise<void> {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    const created = {
      topic,
      numPartitions: partitions,
      replicationFactor: replicas,
      configEntries,
    };
    await this.#admin
      // kafkajs gives up at the first broker that has not heard of the topic yet.
      .createTopics({ waitForLeaders: false, topics: [created] })
      .catch(because(`${topic} could not be created`));
    await this.#awaitLeaders(topic, partitions);
  }

  /** Gives a topic more partitions, `partitions` in all. */
  async growTopic(topic: string, partitions: number): Promise<void> {
    await this.#admin
      .createPartitions({ topicPartitions: [{ topic, count: partitions }] })
      .catch(because(`${topic} could not be given ${partitions} partitions`));
    await this.#awaitLeaders(topic, partitions);
  }

  /** Waits until the brokers have heard of all partitions. */
  async #awaitLeaders(topic: string, partitions: number): Promise<void> {
    await this.#again(async () => {
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] });
      const led = topics[0]?.partitions.filter(({ leader }) => leader >= 0).length ?? 0;
      if (led < partitions) throw new Error(`${topic} has ${led} of ${partitions} partitions yet`);
    });
  }

  /** Members of a consumer group; 0 when there is no such group. */
  async members(group: string): Promise<number> {
    const { groups } = await this.#again(() => this.#admin.describeGroups([group]));
    return groups[0]?.members.length ?? 0;
  }

  /** Where a partition's log begins, and its last stable offset: what an open transaction holds back lies above. */
  async offsets(topic: string, partition: number): Promise<{ start: number; end: number }> {
    const offsets = await this.#again(() => this.#admin.fetchTopicOffsets(topic));
    const found = offsets.find((entry) => entry.partition === partition);
    if (found === undefined) throw new Error(`topic ${topic} has no partition ${partition}`);
    return { start: Number(found.low), end: Number(found.high) };
  }

  /** The high watermark of each partition: where it ends, whatever transactions are open. */
  async highWatermarks(topic: string): Promise<ReadonlyMap<number, number>> {
    const offsets = await this.#again(() => this.#uncommitted.fetchTopicOffsets(topic));
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
  }

  /** The state committed for a partition, null when there is none. */
  async readState(group: string, topic: string, partition: number): Promise<PartitionState | null> {
    const [entry] = await this.#again(() =>
      this.#admin.fetchOffsets({ groupId: group, topics: [topic] }),
    );
    const found = entry?.partitions.find((state) => state.partition === partition);
    if (found === undefined || Number(found.offset) < 0) return null;
    return { offset: Number(found.offset), metadata: found.metadata ?? '' };
  }

  /**
   * A coordinator that is just being made answers that it is none, and a broker that has not heard of
   * a new topic that there is none; kafkajs tries neither again. For reads only; half a minute in all.
   */
  #again<T>(read: () => Promise<T>): Promise<T> {
    const { signal } = this.#closed;
    const shouldRetry = ({ error }: { error: Error }) => !isRefused(error);
    return pRetry(read, { retries: 20, minTimeout: 50, maxTimeout: 2000, signal, shouldRetry });
  }
}

/** kafkajs says that there were errors, and hides which. */
const because = (what: string) => (cause: Error & { errors?: Error[] }) => {
  const reasons = (cause.errors ?? [cause]).map(({ message }) => message);
  throw new Error(`${what}: ${reasons.join('; ')}`, { cause });
};

/** A right is missing: asking again is no use. */
const isRefused = (error: unknown): boolean =>
  /_AUTHORIZATION_FAILED$/.test(String((error as { type?: unknown }).type));

function nameIn(names: object, value: number): string {
  const [name] = Object.entries(names).find(([, number]) => number === value) ?? [String(value)];
  return name;
}
