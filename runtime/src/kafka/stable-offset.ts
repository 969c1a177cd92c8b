/**
 * Where one partition ends for readers of committed records: what an open transaction holds back lies
 * above. kafkajs's admin asks for all partitions of a topic, and twice; for one who asks at each
 * commit this is one request to the leader, over a connection that is kept.
 */
import pRetry from 'p-retry';
import type { Logger } from '../log.ts';
import { type KafkaConnection, newCluster, READ_COMMITTED } from './client.ts';
import type { Cluster } from './read-records.ts';

/** Of one question: metadata may be old, and a leader is chosen within seconds. */
const RETRIES = 5;
const FIRST_WAIT_MS = 50;

export class StableOffset {
  readonly #cluster: Cluster;
  readonly #topic: string;
  readonly #partition: number;
  readonly #closed = new AbortController();

  /** Connects when it is asked first. */
  constructor(connection: KafkaConnection, topic: string, partition: number, log: Logger) {
    this.#cluster = newCluster(connection, 'authseal-offset', log, READ_COMMITTED);
    this.#topic = topic;
    this.#partition = partition;
  }

  /** @throws Error when the partition's leader does not answer within seconds */
  get(): Promise<number> {
    const { signal } = this.#closed;
    return pRetry(() => this.#ask(), {
      retries: RETRIES,
      minTimeout: FIRST_WAIT_MS,
      signal,
      // Where that fails, too, the next try says why.
      onFailedAttempt: async () => {
        if (!signal.aborted) await this.#cluster.refreshMetadata().catch(() => {});
      },
    });
  }

  async #ask(): Promise<number> {
    const topic = this.#topic;
    const partitions = [{ partition: this.#partition }];
    try {
      // Both do nothing when it is done.
      await this.#cluster.connect();
      await this.#cluster.addTargetTopic(topic);
      const [found] = await this.#cluster.fetchTopicsOffset([
        { topic, partitions, fromBeginning: false },
      ]);
      const offset = found?.partitions[0]?.offset;
      if (offset === undefined) throw new Error(`${topic}/${this.#partition} has no leader`);
      return Number(offset);
    } finally {
      // It may have been connecting when it was closed.
      if (this.#closed.signal.aborted) await this.#cluster.disconnect();
    }
  }

  /** What is being asked for then fails. */
  async close(): Promise<void> {
    this.#closed.abort(new Error('the stable offset is not asked for any more'));
    await this.#cluster.disconnect();
  }
}
