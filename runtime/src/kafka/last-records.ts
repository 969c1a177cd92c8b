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
  readonly maxBytes?: number;
};

const FIRST_WINDOW = 16;
const SESSION_TIMEOUT_MS = 10_000;
/** Without anything new. */
const READ_TIMEOUT_MS = 60_000;

/** What a record takes in memory besides its value, about. Bytes. */
const RECORD_OVERHEAD = 400;

/** Most bytes of records that are kept at once: several of the largest batches. Bytes. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Calls `found` with the committed records of a window at the partition's end, in order; while it
 * answers undefined, with those of a window four times larger, at last (`whole`) of all there are.
 * Resolves with its answer, or undefined when even the whole partition did not do. Of a window that
 * is larger than memory is kept for, the last records are shown.
 * @throws Error when these did not do either
 */
export async function searchLastRecords<T>(
  options: LastRecordsOptions,
  found: (records: readonly KafkaRecord[], whole: boolean) => T | undefined,
): Promise<T | undefined> {
  const { admin, topic, partition } = options;
  const { start, end } = await admin.offsets(topic, partition);
  for (let window = FIRST_WINDOW; end > start; window *= 4) {
    const from = Math.max(start, end - window);
    const { records, isCut } = await readCommitted(options, from, end);
    const answer = found(records, from === start && !isCut);
    if (answer !== undefined) return answer;
    if (isCut) {
      throw new Error(
        `${topic}/${partition}: what is looked for is not among the last ${records.length} records before offset ${end}, and more are not kept in memory. See who wrote them.`,
      );
    }
    if (from === start) return undefined;
  }
  return undefined;
}

/** The committed records of [from, to); only the last of them when they are too large together. */
async function readCommitted(
  { connection, admin, topic, partition, log, maxBytes = MAX_BYTES }: LastRecordsOptions,
  from: number,
  to: number,
): Promise<{ records: KafkaRecord[]; isCut: boolean }> {
  const group = `authseal-read-${randomUUID()}`;
  const records: KafkaRecord[] = [];
  let bytes = 0;
  let isCut = false;
  const keep = (record: KafkaRecord) => {
    // Copied: a slice would keep the broker's whole response.
    const value = record.value && Buffer.from(record.value);
    records.push({ ...record, key: null, headers: [], value });
    bytes += sizeOf(record);
    while (bytes > maxBytes && records.length > 1) {
      bytes -= sizeOf(records.shift() as KafkaRecord);
      isCut = true;
    }
  };
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
        bytes = 0;
        isCut = false;
        if (!partitions.includes(partition)) return;
        consumer.seek(partition, from);
        consumer.resume(partition);
      },
      fetched: (fetched) => {
        if (fetched.partition !== partition) return;
        timer.refresh();
        for (const record of fetched.records) if (record.offset < to) keep(record);
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
  return { records, isCut };
}

const sizeOf = ({ value }: KafkaRecord): number => RECORD_OVERHEAD + (value?.length ?? 0);
