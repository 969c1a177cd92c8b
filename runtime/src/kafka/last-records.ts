/**
 * The last committed records of one partition, for an owner whose state is gone. kafkajs reads only
 * as a member of a group: a throw-away group that is deleted afterwards.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from '../log.ts';
import type { KafkaAdmin } from './admin.ts';
import { AssignedConsumer } from './assigned-consumer.ts';
import type { KafkaConnection } from './client.ts';
import type { KafkaRecord } from './record.ts';

export type LastRecordsOptions = {
  readonly connection: KafkaConnection;
  readonly admin: KafkaAdmin;
  readonly topic: string;
  readonly partition: number;
  readonly log: Logger;
};

const FIRST_WINDOW = 16;
const SESSION_TIMEOUT_MS = 10_000;
const READ_TIMEOUT_MS = 120_000;

/**
 * Calls `found` with the committed records of a window at the partition's end, in order; while it
 * answers undefined, with those of a window four times larger, at last (`whole`) of all there are.
 * Resolves with its answer, or undefined when even the whole partition did not do.
 */
export async function searchLastRecords<T>(
  options: LastRecordsOptions,
  found: (records: readonly KafkaRecord[], whole: boolean) => T | undefined,
): Promise<T | undefined> {
  const { admin, topic, partition } = options;
  const { start, end } = await admin.offsets(topic, partition);
  for (let window = FIRST_WINDOW; end > start; window *= 4) {
    const from = Math.max(start, end - window);
    const answer = found(await readCommitted(options, from, end), from === start);
    if (answer !== undefined || from === start) return answer;
  }
  return undefined;
}

/** The committed records of [from, to). */
async function readCommitted(
  { connection, admin, topic, partition, log }: LastRecordsOptions,
  from: number,
  to: number,
): Promise<KafkaRecord[]> {
  const group = `authseal-read-${randomUUID()}`;
  const records: KafkaRecord[] = [];
  const done = Promise.withResolvers<void>();
  const consumer = new AssignedConsumer(
    {
      connection,
      clientId: group,
      group,
      topic,
      readUncommitted: false,
      maxBytesPerPartition: 8 * 1024 * 1024,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      log,
    },
    {
      assigned: (partitions) => {
        records.length = 0;
        if (!partitions.includes(partition)) return;
        consumer.seek(partition, from);
        consumer.resume(partition);
      },
      fetched: (fetched) => {
        if (fetched.partition !== partition) return;
        records.push(...fetched.records.filter(({ offset }) => offset < to));
        if (fetched.end >= to) done.resolve();
      },
      unreadable: (_, reason) => {
        if (reason !== null) done.reject(new Error(reason));
      },
      heartbeat: () => {},
    },
  );
  const timer = setTimeout(
    () => done.reject(new Error(`${topic}/${partition} was not read to ${to} in time`)),
    READ_TIMEOUT_MS,
  );
  try {
    await done.promise;
  } finally {
    clearTimeout(timer);
    await consumer.stop();
    await admin.deleteGroup(group).catch((err) => log.debug({ err, group }, 'group not deleted'));
  }
  return records;
}
