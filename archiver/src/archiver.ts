/**
 * The archiver of one region: one consumer that assigns and reads, and a Partition for each that it
 * is given.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type DeploymentKeys, originOf } from '@authseal/ledger';
import { Bucket, type Logger } from '@authseal/runtime';
import {
  AssignedConsumer,
  Assignment,
  examineBatches,
  KafkaAdmin,
  TopicWatch,
} from '@authseal/runtime/kafka';
import { checkBucket } from './check-bucket.ts';
import { type Config, groupOf, readKeys, regionOf } from './config.ts';
import { ArchiverError } from './error.ts';
import { kafkaJournal } from './kafka-journal.ts';
import { LAG_INTERVAL, MAX_FETCH_BYTES, START_RETRY } from './limits.ts';
import { Partition } from './partition.ts';
import type { Clock } from './store.ts';
import { Turns } from './turns.ts';
import type { Watch } from './watch.ts';

const systemClock: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) => delay(ms, undefined, { signal }),
};

export class Archiver {
  readonly #config: Config;
  readonly #watch: Watch;
  readonly #log: Logger;
  readonly #bucket: Bucket;
  readonly #turns = new Turns();
  readonly #stopping = new AbortController();
  #awaited = 'starting';
  #admin: KafkaAdmin | null = null;
  #consumer: AssignedConsumer | null = null;
  #topic: TopicWatch | null = null;
  #asking: NodeJS.Timeout | undefined;
  readonly #assignment: Assignment<Partition>;

  constructor(config: Config, watch: Watch, log: Logger) {
    this.#config = config;
    this.#watch = watch;
    this.#log = log;
    this.#bucket = new Bucket(regionOf(config));
    const keys = readKeys(config);
    this.#assignment = new Assignment((partition) => this.#open(partition, keys), {
      ended: watch.forget,
      unreadable: watch.unreadable,
    });
  }

  /**
   * Begins to archive as soon as bucket and Kafka are reached; until then it waits.
   * @throws ArchiverError BUCKET_UNSUITABLE
   */
  async start(): Promise<void> {
    const { batchesTopic } = this.#config;
    try {
      await this.#until('the bucket is not reached', () => checkBucket(this.#bucket));
      const admin = await this.#until('Kafka is not reached', () =>
        KafkaAdmin.connect(this.#config, groupOf(this.#config), this.#log),
      );
      this.#admin = admin;
      const absent = `there is no topic ${batchesTopic} yet: run \`authseal-ingestor init\``;
      await this.#until(absent, async () => (await admin.partitions(batchesTopic)) || null);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      throw error;
    }
    const admin = this.#admin as KafkaAdmin;
    this.#consumer = this.#newConsumer();
    this.#topic = new TopicWatch({
      examine: () => examineBatches(admin, batchesTopic),
      told: this.#watch.topicFaults,
      log: this.#log,
    });
    this.#asking = setInterval(() => {
      this.#askEnds(admin).catch((err) => this.#log.debug({ err }, 'ends of partitions not told'));
    }, LAG_INTERVAL);
  }

  /**
   * Reasons why it does not archive now. A stopped partition is none of them: it is alerted, and a
   * restart would not help it.
   */
  reasons(): string[] {
    if (this.#consumer === null) return [this.#awaited];
    const reasons = this.#assignment.reasons(this.#config.sessionTimeout);
    const troubles = reasons.length > 0 ? reasons : this.#watch.troubles();
    return [...troubles, ...(this.#topic?.faults ?? [])];
  }

  /** Finishes and commits what is on its way, and leaves the group. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#asking);
    this.#topic?.stop();
    await this.#assignment.stop();
    await this.#consumer?.stop();
    await this.#admin?.close();
    this.#bucket.close();
  }

  /** Tries again until the attempt has an answer. */
  async #until<T>(awaited: string, attempt: () => Promise<T | null>): Promise<T> {
    this.#awaited = awaited;
    for (;;) {
      try {
        const answer = await attempt();
        if (answer !== null) return answer;
        this.#log.info(`${awaited}; waiting`);
      } catch (err) {
        if (err instanceof ArchiverError) throw err;
        this.#awaited = `${awaited}: ${err instanceof Error ? err.message : err}`;
        this.#watch.unreached(err);
        this.#log.warn({ err }, `${awaited}; trying again`);
      }
      await delay(START_RETRY, undefined, { signal: this.#stopping.signal });
    }
  }

  #newConsumer(): AssignedConsumer {
    const group = groupOf(this.#config);
    const options = {
      connection: this.#config,
      clientId: group,
      group,
      topic: this.#config.batchesTopic,
      readUncommitted: false,
      transactionsOnly: true,
      maxBytesPerPartition: MAX_FETCH_BYTES,
      sessionTimeoutMs: this.#config.sessionTimeout,
      log: this.#log,
    };
    return new AssignedConsumer(options, this.#assignment);
  }

  #open(partition: number, keys: DeploymentKeys): Partition {
    const { deployment, eventsTopic, batchesTopic, maxRetention } = this.#config;
    const journal = kafkaJournal(
      {
        connection: this.#config,
        admin: this.#admin as KafkaAdmin,
        consumer: this.#consumer as AssignedConsumer,
        group: groupOf(this.#config),
        topic: batchesTopic,
        transactionTimeoutMs: this.#config.transactionTimeout,
        log: this.#log,
      },
      partition,
    );
    return new Partition({
      origin: originOf(deployment, eventsTopic, partition),
      prefix: this.#bucket.region.prefix,
      keys,
      maxRetention,
      store: this.#bucket,
      clock: systemClock,
      turn: this.#turns.next,
      journal,
      watch: this.#watch.of(partition),
    });
  }

  /** A paused partition hears of new records in no other way. */
  async #askEnds(admin: KafkaAdmin): Promise<void> {
    const ends = await admin.highWatermarks(this.#config.batchesTopic);
    for (const [number, partition] of this.#assignment.owners) {
      partition.tellEnd(ends.get(number) ?? 0);
    }
  }
}
