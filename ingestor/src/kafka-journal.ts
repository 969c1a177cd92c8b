/** Kafka behind the interfaces of journal.ts. */
import { performance } from 'node:perf_hooks';
import type { Logger } from '@authseal/runtime';
import {
  type AssignedConsumer,
  type KafkaAdmin,
  type KafkaConnection,
  READ_COMMITTED,
  READ_UNCOMMITTED,
  readRecords,
  searchLastRecords,
  TransactionalWriter,
} from '@authseal/runtime/kafka';
import { IngestorError } from './error.ts';
import type { Clock, Journal, Source } from './journal.ts';

export type JournalOptions = {
  readonly connection: KafkaConnection;
  readonly admin: KafkaAdmin;
  readonly group: string;
  readonly eventsTopic: string;
  readonly batchesTopic: string;
  readonly transactionTimeoutMs: number;
  readonly log: Logger;
};

/** The group whose offsets are the states. It never has members. */
const stateGroup = (group: string): string => `${group}.state`;

export function kafkaJournal(options: JournalOptions, partition: number): Journal {
  const { connection, admin, group, eventsTopic, batchesTopic: topic, log } = options;
  const { transactionTimeoutMs } = options;
  const source = { connection, topic, partition, log };
  return {
    async open() {
      const writer = await TransactionalWriter.open({
        connection,
        // Without the group: an ingestor started under another group shuts the owner out, and so
        // cannot seal beside it.
        transactionalId: `authseal-ingestor-${eventsTopic}-${partition}`,
        transactionTimeoutMs,
        log,
      });
      return {
        begin: () => writer.begin(),
        send: (batch) => writer.send(topic, partition, batch),
        sendState: (state) => writer.sendState(stateGroup(group), eventsTopic, partition, state),
        commit: () => writer.commit(),
        abort: () => writer.abort(),
        close: () => writer.close(),
      };
    },
    warn: (what) => log.warn({ topic, partition }, what),
    readState: () => admin.readState(stateGroup(group), eventsTopic, partition),
    searchBatches: (found) => searchLastRecords({ ...source, admin }, found),
    readCommitted: (from, to) => readRecords(source, READ_COMMITTED, from, to),
    readUncommitted: (from, to) => readRecords(source, READ_UNCOMMITTED, from, to),
    async offsets() {
      if (partition < (await admin.partitions(topic))) {
        // In this order: the last stable offset lags behind only where a transaction is open.
        const highWatermarks = await admin.highWatermarks(topic);
        const { start, end } = await admin.offsets(topic, partition);
        return { start, end, highWatermark: highWatermarks.get(partition) ?? start };
      }
      throw new IngestorError(
        'TOPIC_UNFIT',
        `${topic} has no partition ${partition}, and ${eventsTopic} has: run \`authseal-ingestor init\`.`,
      );
    },
  };
}

export function kafkaSource(
  consumer: AssignedConsumer,
  admin: KafkaAdmin,
  topic: string,
  partition: number,
): Source {
  return {
    seek: (offset) => consumer.seek(partition, offset),
    pause: () => consumer.pause(partition),
    resume: () => consumer.resume(partition),
    async offsets() {
      const [{ start }, ends] = await Promise.all([
        admin.offsets(topic, partition),
        admin.highWatermarks(topic),
      ]);
      return { start, end: ends.get(partition) ?? start };
    },
    partitions: () => admin.partitions(topic),
  };
}

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};
