/**
 * Records of one partition by their offsets, for an owner who has to find out where it stands. kafkajs
 * offers a reader only as a member of a group: this is the fetch below it.
 *
 * An owner writes in transactions only. What others write without one is passed over: for that the right
 * to write to the topic is enough, for a transaction it takes that to a transactional id.
 */
import type { Logger } from '../log.ts';
import { withoutAborted } from './aborted.ts';
import { type KafkaConnection, newCluster, type ReadAs } from './client.ts';
import type { KafkaRecord } from './record.ts';
import { decodeSets, type RecordSet } from './record-sets.ts';

export type RecordSource = {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly partition: number;
  readonly log: Logger;
  /** Most bytes of records that are kept at once. Default: 64 MiB. */
  readonly maxBytes?: number;
};

/** What a record takes in memory besides its value, about. Bytes. */
const RECORD_OVERHEAD = 400;

/** Several of the largest batches. Bytes. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Of one fetch. Bytes. */
const FETCH_BYTES = 8 * 1024 * 1024;

/** A partition in kafkajs's answer to a fetch; its messages are record sets (kafkajs.ts). */
type FetchedPartition = {
  readonly messages: readonly RecordSet[];
  readonly abortedTransactions: readonly { producerId: string; firstOffset: string }[] | null;
};

/**
 * The records of [from, to) that were written in transactions, without keys and headers; null when they
 * are too large together.
 * @param to at most where the partition ends for such a reader
 * @throws Error when one cannot be read, or the partition does not hold them
 */
export async function readRecords(
  { connection, topic, partition, log, maxBytes = MAX_BYTES }: RecordSource,
  readAs: ReadAs,
  from: number,
  to: number,
): Promise<KafkaRecord[] | null> {
  const records: KafkaRecord[] = [];
  let bytes = 0;
  // A record's whole set comes, however little is asked for.
  const fetchBytes = to - from === 1 ? 1 : FETCH_BYTES;
  const cluster = newCluster(connection, 'authseal-read', log, readAs);
  try {
    await cluster.connect();
    await cluster.addTargetTopic(topic);
    for (let next = from; next < to; ) {
      const sets = await fetch(next);
      const data = sets.filter((set) => set.inTransaction && !set.isControlRecord);
      const { records: found, undecodable } = decodeSets(data);
      if (undecodable !== null) throw cannotRead(next, undecodable.reason);
      for (const record of found) if (record.offset >= next && record.offset < to) keep(record);
      if (bytes > maxBytes) return null;
      next = Number(sets.at(-1)?.offset) + 1;
    }
  } finally {
    await cluster.disconnect();
  }
  return records;

  async function fetch(fetchOffset: number): Promise<readonly RecordSet[]> {
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
    if (nodeId === undefined) throw cannotRead(fetchOffset, 'the partition has no leader');
    const broker = await cluster.findBroker({ nodeId });
    const { responses } = await broker.fetch({
      replicaId: -1,
      isolationLevel: readAs,
      maxWaitTime: 1000,
      minBytes: 1,
      maxBytes: fetchBytes,
      topics: [
        {
          topic,
          partitions: [{ partition, fetchOffset: String(fetchOffset), maxBytes: fetchBytes }],
        },
      ],
    });
    const [answer] = responses.flatMap(({ partitions }) => partitions);
    if (!answer?.messages.length) throw cannotRead(fetchOffset, 'the broker gives nothing there');
    return withoutAborted(answer);
  }

  function keep(record: KafkaRecord): void {
    // Copied: a slice would keep the broker's whole response.
    const value = record.value && Buffer.from(record.value);
    records.push({ ...record, key: null, headers: [], value });
    bytes += RECORD_OVERHEAD + (value?.length ?? 0);
  }

  function cannotRead(offset: number, reason: string): Error {
    return new Error(`${topic}/${partition} cannot be read from offset ${offset} on: ${reason}`);
  }
}

/** kafkajs's connections to the brokers, as far as they are used here. */
export type Cluster = {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  /** Partitions by their leader's node id. */
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
  findBroker(node: { nodeId: string }): Promise<{
    fetch(request: object): Promise<{ responses: { partitions: FetchedPartition[] }[] }>;
  }>;
};
