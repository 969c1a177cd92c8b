/** How to reach Kafka, and the kafkajs clients that do. */
import { Kafka, type KafkaConfig, type LogEntry, logLevel, type RetryOptions } from 'kafkajs';
import { FIRST_RETRY_MS, LONGEST_RETRY_MS } from '../limits.ts';
import { setTimersForWhatWaits } from './request-queue.ts';
import type { Sockets } from './sockets.ts';

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

setTimersForWhatWaits();

export interface ClientParts {
  /** The brokers to begin with, asked for at each new connection. */
  brokers: () => string[];
  sockets: Sockets;
  /** How often kafkajs tries again before it gives up. */
  retries: number;
  /** Told what kafkajs warns of, in its words. */
  onWarning(words: string): void;
}

/** A client, and how it tries again: a producer of it takes that anew. */
export function newClient(
  { clientId, ssl, sasl }: KafkaConnection,
  { brokers, sockets, retries, onWarning }: ClientParts,
): { client: Kafka; retry: RetryOptions } {
  const retry = { retries, initialRetryTime: FIRST_RETRY_MS, maxRetryTime: LONGEST_RETRY_MS };
  const client = new Kafka({
    ...(clientId !== undefined && { clientId }),
    brokers,
    ...(ssl !== undefined && { ssl }),
    ...(sasl !== undefined && { sasl }),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    socketFactory: sockets.open,
    retry,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => onWarning(wordsOf(entry)),
  });
  return { client, retry };
}

/** What a broker answered stands beside the message, which then names the request alone. */
function wordsOf({ log }: LogEntry): string {
  return typeof log.error === 'string' ? log.error : log.message;
}
