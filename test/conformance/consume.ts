/** A consumer of one topic that keeps what it is told, for tests of the Kafka client. */
import { randomUUID } from 'node:crypto';
import { createLogger } from '@authseal/runtime';
import { AssignedConsumer, type Fetched, type KafkaConnection } from '@authseal/runtime/kafka';
import { vi } from 'vitest';

export const silent = createLogger({ service: 'test', deployment: 'test', level: 'silent' });

export type Consuming = ReturnType<typeof consume>;

export function consume(connection: KafkaConnection, topic: string, readUncommitted = true) {
  const group = `group-${randomUUID()}`;
  const told = {
    joins: [] as (readonly number[])[],
    fetched: [] as Fetched[],
    unreadable: new Map<number, string>(),
    heartbeats: 0,
    /** Called at every fetch of partition 0. */
    pauses: () => {},
    /** Called at every join. */
    joined: () => {},
    /** Thrown at every fetch while it stands here. */
    fault: null as Error | null,
  };
  const consumer = new AssignedConsumer(
    {
      connection,
      clientId: 'test',
      group,
      topic,
      readUncommitted,
      transactionsOnly: false,
      maxBytesPerPartition: 1024 * 1024,
      sessionTimeoutMs: 6000,
      log: silent,
    },
    {
      assigned(partitions) {
        told.joins.push(partitions);
        told.joined();
      },
      fetched: (fetched) => {
        if (told.fault !== null) throw told.fault;
        told.fetched.push(fetched);
        if (fetched.partition === 0) told.pauses();
      },
      unreadable: (partition, reason) => {
        if (reason === null) told.unreadable.delete(partition);
        else told.unreadable.set(partition, reason);
      },
      heartbeat: () => {
        told.heartbeats += 1;
      },
    },
  );
  return { consumer, told, group };
}

/** Waits for the group, and lets a partition flow. */
export async function readFrom(
  { consumer, told }: Consuming,
  partition: number,
  offset: number,
): Promise<void> {
  await vi.waitUntil(() => told.joins.some((join) => join.includes(partition)), {
    timeout: 30_000,
  });
  consumer.seek(partition, offset);
  consumer.resume(partition);
}

export const valuesOf = ({ told }: Consuming, partition: number): string[] =>
  told.fetched
    .filter((fetched) => fetched.partition === partition)
    .flatMap(({ records }) => records.map(({ value }) => `${value}`));
