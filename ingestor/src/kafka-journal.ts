/** Kafka behind the interfaces of journal.ts. */
import { performance } from 'node:perf_hooks';
import type { Logger } from '@authseal/runtime';
import {
  type AssignedConsumer,
  fetchRecords,
  type KafkaAdmin,
  type KafkaConnection,
  READ_COMMITTED,
  READ_UNCOMMITTED,
  readRecords,
  StableOffset,
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
  const neverWritten = (offset: number) =>
    new IngestorError(
      'PRODUCE_REFUSED',
      `${topic}/${partition}: the broker answers that a batch was written at offset ${offset}, and no transaction is open there: it took the batch for a repeat of what somebody else has written under this ingestor's producer id. Nothing was committed; it is sealed again under another. Find out who else may write to ${topic}: \`authseal doctor\` tells.`,
    );
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
      const stable = new StableOffset(connection, topic, partition, log);
      /** Whether a transaction is open in the partition that begins at this offset, or before. */
      const isOpenFrom = (offset: number) => {
        const isOpen = stable.get().then((end) => end <= offset);
        isOpen.catch(() => {}); // awaited when the transaction is to be committed
        return { offset, isOpen };
      };
      let first: { readonly offset: number; readonly isOpen: Promise<boolean> } | null = null;
      return {
        async begin() {
          first = null;
          await writer.begin();
        },
        async send(batch) {
          const results = await writer.send(topic, partition, batch);
          first ??= isOpenFrom(results[0]?.offset ?? -1);
          return results;
        },
        sendState: (state) => writer.sendState(stateGroup(group), eventsTopic, partition, state),
        async commit() {
          if (first === null || (await first.isOpen)) return writer.commit();
          // Refused to one who was replaced meanwhile: his transaction was ended.
          await writer.abort();
          throw neverWritten(first.offset);
        },
        abort: () => writer.abort(),
        async close() {
          await Promise.all([writer.close(), stable.close()]);
        },
      };
    },
    warn: (what) => log.warn({ topic, partition }, what),
    readState: () => admin.readState(stateGroup(group), eventsTopic, partition),
    searchBatches: (found) => searchLastRecords({ ...source, admin }, found),
    readCommitted: (from, to) => readRecords(source, READ_COMMITTED, from, to),
    readUncommitted: (from, to) => readRecords(source, READ_UNCOMMITTED, from, to),
    async holdsRecords() {
      const { start, end } = await admin.offsets(topic, partition);
      for await (const _ of fetchRecords(source, READ_COMMITTED, start, end)) return true;
      return false;
    },
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
