/**
 * The only file that knows kafkajs. A channel is one idempotent producer (KIP-98), with these
 * traps of kafkajs 2.2.4 shut:
 *
 * - After a failed send it rolls its sequence back. Sent again inside the same `send`, that is
 *   right: the broker recognizes the batch and answers with its old offset. But *another* batch
 *   under those numbers is answered as a duplicate too, and never written. So `send` retries
 *   without limit, and a channel whose `send` rejected must not be used again (sender.ts).
 * - It gives up on what it takes for hopeless, such as ECONNREFUSED at the first connect when
 *   retries are limited, or an unknown producer id; the sender then opens a new channel.
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
  Kafka,
  type KafkaConfig,
  type LogEntry,
  logLevel,
  Partitioners,
  type RecordMetadata,
} from 'kafkajs';
import { ProducerError } from './error.ts';
import { FIRST_RETRY_MS, LONGEST_RETRY_MS } from './limits.ts';
import type { Channel, FlushRecord, Logger, Written } from './sender.ts';
import { createSockets } from './sockets.ts';

/** How to reach Kafka. `ssl` and `sasl` are as kafkajs takes them. */
export interface KafkaConnection {
  /** `host:port` of at least one broker; the others are learned from it. */
  brokers: string[];
  /** Names this client in Kafka's logs and quotas. Default: the service. */
  clientId?: string | undefined;
  ssl?: KafkaConfig['ssl'] | undefined;
  sasl?: KafkaConfig['sasl'] | undefined;
}

/** kafkajs waits 1 s, too short for TLS to another region. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Returns what opens channels for one producer: all write to `topic`, with `key`, into the one
 * partition that the first of them chose.
 */
export function kafkaChannels(
  connection: KafkaConnection & { clientId: string },
  topic: string,
  key: string,
  logger: Logger,
): () => Channel {
  const choose = Partitioners.DefaultPartitioner();
  let partition: number | undefined;

  return function openChannel(): Channel {
    let closed = false;
    let connected: Promise<void> | undefined;
    let sending: Promise<Written> | null = null;
    const sockets = createSockets();

    const chosenPartition: ICustomPartitioner = () => (args) => {
      if (closed) throw new Error('the channel is closed');
      partition ??= choose(args);
      return partition;
    };
    const retry = {
      retries: Number.MAX_SAFE_INTEGER,
      initialRetryTime: FIRST_RETRY_MS,
      maxRetryTime: LONGEST_RETRY_MS,
    };
    const producer = new Kafka({
      clientId: connection.clientId,
      brokers: () => (closed ? [] : connection.brokers),
      ...(connection.ssl !== undefined && { ssl: connection.ssl }),
      ...(connection.sasl !== undefined && { sasl: connection.sasl }),
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketFactory: sockets.open,
      retry,
      logLevel: logLevel.WARN,
      logCreator: () => (entry) => passOn(entry, logger),
    }).producer({
      idempotent: true,
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
        sending = write(flush);
        const written = await sending;
        sending = null;
        return written;
      },
      async close() {
        closed = true;
        if (sending !== null) sockets.shut();
        await sending?.catch(() => {});
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

function passOn({ namespace, log }: LogEntry, logger: Logger): void {
  const { message, timestamp, logger: _, stack, ...details } = log;
  logger.warn({ kafkajs: namespace, ...details }, message);
}
