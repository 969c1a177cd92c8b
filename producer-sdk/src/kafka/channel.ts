/**
 * A channel is one producer. It is **not idempotent** (KIP-98): a broker recognizes a batch that it
 * has by producer id, epoch and sequence number alone, and asks nobody whose id that is. Whoever may
 * write to the topic could write under the ids that are given out next, and the broker would then
 * answer a service's first flush as a duplicate: confirmed, and never written. So a flush whose answer
 * is lost is written again, and the producer's own chain shows that it is the same (docs/decisions/0016).
 *
 * These traps of kafkajs 2.2.4 are shut:
 *
 * - It gives up on what it takes for hopeless, such as ECONNREFUSED at the first connect when
 *   retries are limited; so `send` retries without limit, and the sender then opens a new channel.
 * - For a partition that does not exist it sends nothing and answers []. So the answer must name
 *   exactly our topic and partition, without error, with an offset.
 * - Its own partitioner looks at the number of partitions at each send. Events of one producer
 *   would change partition, and so lose their order, when a topic grows. Here the partition is
 *   chosen once, from the key's murmur2 hash as Java's producer does.
 * - Its retry loops outlive `disconnect`, which itself waits for answers that may never come. They
 *   end here because a closed channel has no more sockets, brokers and partitions.
 */
import {
  CompressionTypes,
  type ICustomPartitioner,
  Partitioners,
  type RecordMetadata,
} from 'kafkajs';
import { ProducerError } from '../error.ts';
import { LASTING_MS } from '../limits.ts';
import type { Channel, FlushRecord, Logger, Written } from '../sender.ts';
import { type KafkaConnection, newClient } from './connection.ts';
import { failureOf } from './failure.ts';
import { createSockets } from './sockets.ts';

/**
 * Returns what opens channels for one producer: all write to `topic`, with `key`, into the one
 * partition that the first of them chose.
 */
export function kafkaChannels(
  connection: KafkaConnection,
  topic: string,
  key: string,
  logger: Logger,
): () => Channel {
  const choose = Partitioners.DefaultPartitioner();
  const where = { brokers: connection.brokers, topic };
  let partition: number | undefined;

  return function openChannel(): Channel {
    let closed = false;
    let connected: Promise<void> | undefined;
    let sending: { since: number; done: Promise<Written> } | null = null;
    let failure: ProducerError | null = null;
    const sockets = createSockets();

    const chosenPartition: ICustomPartitioner = () => (args) => {
      if (closed) throw new Error('the channel is closed');
      partition ??= choose(args);
      return partition;
    };
    const { client, retry } = newClient(connection, {
      brokers: () => (closed ? [] : connection.brokers),
      sockets,
      retries: Number.MAX_SAFE_INTEGER,
      onWarning(words) {
        if (closed || sending === null) return;
        failure = failureOf(words, where);
        if (Date.now() - sending.since < LASTING_MS) return;
        logger.warn({ code: failure.code }, failure.message);
      },
    });
    const producer = client.producer({
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: chosenPartition,
      retry,
    });

    async function write(flush: readonly FlushRecord[]): Promise<Written> {
      connected ??= producer.connect();
      await connected;
      const answer = await producer.send({
        topic,
        acks: -1,
        compression: CompressionTypes.None,
        messages: flush.map(({ value, headers }) => ({ key, value, headers })),
      });
      return confirmation(answer, topic, partition);
    }

    return {
      async send(flush) {
        sending = { since: Date.now(), done: write(flush) };
        try {
          const written = await sending.done;
          sending = null;
          failure = null;
          return written;
        } catch (error) {
          if (error instanceof ProducerError) throw error;
          throw failureOf((error as Error).message, where, error);
        }
      },
      failure: () => failure,
      async close() {
        // Asked for again, it hangs: on a broker that does not answer.
        if (sending !== null || closed) sockets.shut();
        closed = true;
        await sending?.done.catch(() => {});
        await producer.disconnect();
      },
    };
  };
}

/** Kafka's answer as a confirmation, or NOT_CONFIRMED: an offset is never guessed. */
export function confirmation(
  answer: readonly RecordMetadata[],
  topic: string,
  partition: number | undefined,
): Written {
  const [entry] = answer;
  const firstOffset = Number(entry?.baseOffset);
  if (
    answer.length !== 1 ||
    partition === undefined ||
    entry?.topicName !== topic ||
    entry.partition !== partition ||
    entry.errorCode !== 0 ||
    !Number.isSafeInteger(firstOffset) ||
    firstOffset < 0
  ) {
    throw new ProducerError(
      'NOT_CONFIRMED',
      `Kafka did not confirm a flush to ${topic}/${partition}, it answered ${JSON.stringify(answer)}` +
        (answer.length === 0 ? ': does this partition exist?' : ''),
    );
  }
  return { partition, firstOffset };
}
