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
import { type KafkaRecord, RECORD_OVERHEAD } from './record.ts';
import { decodeSets, type RecordSet } from './record-sets.ts';

export type RecordSource = {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly partition: number;
  readonly log: Logger;
  /** Most bytes of records that are kept at once. Default: 64 MiB. */
  readonly maxBytes?: number;
};

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
 * The records of [from, to) that were written in transactions; null when they are too large together.
 * @param to at most where the partition ends for such a reader
 * @throws Error as fetchRecords
 */
export async function readRecords(
  source: RecordSource,
  readAs: ReadAs,
  from: number,
  to: number,
): Promise<KafkaRecord[] | null> {
  const records: KafkaRecord[] = [];
  let bytes = 0;
  for await (const record of fetchRecords(source, readAs, from, to)) {
    if (!record.inTransaction) continue;
    records.push(record);
    bytes += sizeOf(record);
    if (bytes > (source.maxBytes ?? MAX_BYTES)) return null;
  }
  return records;
}

/**
 * The last records of [from, to) that were written in transactions, as many as memory is kept for.
 * @returns isCut: they are not all
 * @throws Error as fetchRecords
 */
export async function readLastRecords(
  source: RecordSource,
  readAs: ReadAs,
  from: number,
  to: number,
): Promise<{ records: KafkaRecord[]; isCut: boolean }> {
  const records: KafkaRecord[] = [];
  let bytes = 0;
  let isCut = false;
  for await (const record of fetchRecords(source, readAs, from, to)) {
    if (!record.inTransaction) continue;
    records.push(record);
    bytes += sizeOf(record);
    while (bytes > (source.maxBytes ?? MAX_BYTES) && records.length > 1) {
      bytes -= sizeOf(records.shift() as KafkaRecord);
      isCut = true;
    }
  }
  return { records, isCut };
}

const sizeOf = ({ value }: KafkaRecord): number => RECORD_OVERHEAD + (value?.length ?? 0);

/**
 * The records of [from, to), without keys and headers; an empty one for each set outside a transaction.
 * @throws Error when one cannot be read, or the partition does not hold them
 */
export async function* fetchRecords(
  { connection, topic, partition, log }: RecordSource,
  readAs: ReadAs,
  from: number,
  to: number,
): AsyncGenerator<KafkaRecord> {
  // A record's whole set comes, however little is asked for.
  const fetchBytes = to - from === 1 ? 1 : FETCH_BYTES;
  const cluster = newCluster(connection, 'authseal-read', log, readAs);
  try {
    await cluster.connect();
    await cluster.addTargetTopic(topic);
    for (let next = from; next < to; ) {
      const sets = await fetch(next);
      const data = sets.filter(({ isControlRecord }) => !isControlRecord);
      const { records, undecodable } = decodeSets(data, true);
      if (undecodable !== null) throw cannotRead(next, undecodable.reason);
      for (const record of records) {
        if (record.offset < next || record.offset >= to) continue;
        // Copied: a slice would keep the broker's whole response.
        const value = record.value && Buffer.from(record.value);
        yield { ...record, key: null, headers: [], value };
      }
      next = Number(sets.at(-1)?.offset) + 1;
    }
  } finally {
    await cluster.disconnect();
  }

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

  function cannotRead(offset: number, reason: string): Error {
    return new Error(`${topic}/${partition} cannot be read from offset ${offset} on: ${reason}`);
  }
}

/** kafkajs's connections to the brokers, as far as they are used here. */
export type Cluster = {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  fetchTopicsOffset(
    of: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<{ partitions: { partition: number; offset: string }[] }[]>;
  /** Partitions by their leader's node id. */
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
  findBroker(node: { nodeId: string }): Promise<{
    fetch(request: object): Promise<{ responses: { partitions: FetchedPartition[] }[] }>;
  }>;
};
