/**
 * One partition's transactional producer: each transaction writes records to a topic and one
 * state (an offset with metadata) to a consumer group that has no members, or neither.
 *
 * Opening it fences: InitProducerId raises the epoch of the transactional id, which ends an older
 * owner's open transaction and makes the broker refuse whatever that owner still sends (KIP-98).
 *
 * After any error in any step the writer must be closed and never used again: kafkajs takes its
 * sequence number back after a failed send, and the broker answers the next record under that
 * number as a duplicate without writing it. Error codes do not tell a fenced owner from a late one.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Producer, Transaction } from 'kafkajs';
import { failpoint } from '../failpoint.ts';
import type { Logger } from '../log.ts';
import { type KafkaConnection, newClient } from './client.ts';
import { kafkajs } from './kafkajs.ts';

export type TransactionalWriterOptions = {
  readonly connection: KafkaConnection;
  readonly transactionalId: string;
  /** After this the broker aborts a transaction whose owner is gone. */
  readonly transactionTimeoutMs: number;
  readonly log: Logger;
};

/** What the broker answered to one record; empty for a partition that does not exist. */
export type ProduceResult = {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** -1 when the broker does not say. */
  readonly offset: number;
  /** Milliseconds since 1970; -1 when the topic does not use LogAppendTime. */
  readonly logAppendTime: number;
};

/** A state: where its owner goes on, and at most 4,096 bytes more. */
export type PartitionState = { readonly offset: number; readonly metadata: string };

/** Between two tries to begin a transaction while the broker ends the last: 5 ms to about 5 s, 10 s in all. */
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 5120;

const isConcurrentTransactions = (error: unknown): boolean =>
  (error as { type?: unknown }).type === 'CONCURRENT_TRANSACTIONS';

export class TransactionalWriter {
  readonly #producer: Producer;
  #transaction: Transaction | null = null;

  private constructor(producer: Producer) {
    this.#producer = producer;
  }

  /** Connects and fences. */
  static async open(options: TransactionalWriterOptions): Promise<TransactionalWriter> {
    const { connection, transactionalId, transactionTimeoutMs, log } = options;
    const producer = newClient(connection, transactionalId, log).producer({
      transactionalId,
      transactionTimeout: transactionTimeoutMs,
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      // Named, so that kafkajs does not tell of its change of defaults; records name their partition.
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    try {
      await producer.connect();
      // The first transaction sends InitProducerId; empty, it has no other effect.
      const fence = await producer.transaction();
      await fence.abort();
    } catch (error) {
      await producer.disconnect().catch(() => {});
      throw error;
    }
    failpoint('fenced');
    return new TransactionalWriter(producer);
  }

  async begin(): Promise<void> {
    this.#transaction = await this.#producer.transaction();
  }

  /** Sends one record without a key. What the broker answered is for the caller to judge. */
  async send(topic: string, partition: number, value: Buffer): Promise<ProduceResult[]> {
    const results = await this.#active().send({
      topic,
      acks: -1,
      messages: [{ partition, key: null, value }],
    });
    failpoint('sent');
    return results.map((result) => ({
      topic: result.topicName,
      partition: result.partition,
      errorCode: result.errorCode,
      offset: Number(result.baseOffset ?? -1),
      logAppendTime: Number(result.logAppendTime ?? -1),
    }));
  }

  /**
   * Puts the state of a partition of `topic` into the transaction.
   *
   * When nothing was sent before, this is the transaction's first request, and the broker may still
   * be ending the one before (CONCURRENT_TRANSACTIONS). kafkajs tries again for a send, not here; as
   * the broker refused it without effect, this is the one error after which the writer stays good.
   */
  async sendState(
    group: string,
    topic: string,
    partition: number,
    { offset, metadata }: PartitionState,
  ): Promise<void> {
    const partitions = [{ partition, offset: String(offset), metadata }];
    const state = { consumerGroupId: group, topics: [{ topic, partitions }] };
    for (let wait = FIRST_WAIT_MS; ; wait *= 2) {
      try {
        await this.#active().sendOffsets(state);
        return failpoint('state-sent');
      } catch (error) {
        if (!isConcurrentTransactions(error) || wait > LONGEST_WAIT_MS) throw error;
      }
      await delay(wait);
    }
  }

  async commit(): Promise<void> {
    const transaction = this.#active();
    this.#transaction = null;
    await transaction.commit();
    failpoint('committed');
  }

  /** Ends the transaction in every partition that it wrote to, as one that never was. */
  async abort(): Promise<void> {
    const transaction = this.#active();
    this.#transaction = null;
    await transaction.abort();
  }

  /** Lets the connection go. An open transaction is ended by the next owner or by its timeout. */
  async close(): Promise<void> {
    await this.#producer.disconnect().catch(() => {});
  }

  #active(): Transaction {
    if (this.#transaction === null) throw new Error('no transaction was begun');
    return this.#transaction;
  }
}
