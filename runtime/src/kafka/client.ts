/**
 * The one place that makes kafkajs clients; all use of kafkajs is in this folder.
 *
 * kafkajs shares what it knows of committed offsets between all that one client made: a
 * transaction's `sendOffsets` would leak into a consumer. Every consumer, producer and admin here
 * therefore has a client of its own.
 */
import { readFileSync } from 'node:fs';
import type { Admin, Kafka, KafkaConfig } from 'kafkajs';
import type { z } from 'zod';
import type { kafkaSettings } from '../config/settings.ts';
import { kafkaLogCreator } from '../kafka-log.ts';
import type { Logger } from '../log.ts';
import { kafkajs } from './kafkajs.ts';
import type { Cluster } from './read-records.ts';

type Settings = z.output<z.ZodObject<typeof kafkaSettings>>;

/** How to reach Kafka: brokers, TLS, login. */
export type KafkaConnection = Pick<Settings, 'kafkaBrokers' | 'kafkaSsl' | 'kafkaSasl'>;

/**
 * kafkajs waits its first retry on every transaction, for the broker is still ending the one before
 * (CONCURRENT_TRANSACTIONS): with its default of 300 ms a transaction takes 290 ms, with 5 ms 11.
 * The number of tries bounds one operation to some seconds; who must not give up begins again.
 */
const RETRY = { initialRetryTime: 5, maxRetryTime: 1000, factor: 0.2, multiplier: 2, retries: 12 };

/** Isolation levels of the Kafka protocol. */
export const READ_UNCOMMITTED = 0;
export const READ_COMMITTED = 1;
export type ReadAs = typeof READ_UNCOMMITTED | typeof READ_COMMITTED;

/** A client of its own for one consumer, producer or admin. */
export function newClient(connection: KafkaConnection, clientId: string, log: Logger): Kafka {
  const { kafkaBrokers, kafkaSsl, kafkaSasl } = connection;
  return new kafkajs.Kafka({
    clientId,
    brokers: kafkaBrokers,
    ssl: typeof kafkaSsl === 'string' ? { ca: [readFileSync(kafkaSsl)] } : kafkaSsl,
    ...(kafkaSasl && { sasl: kafkaSasl as NonNullable<KafkaConfig['sasl']> }),
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: RETRY,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: kafkaLogCreator(log),
  });
}

/**
 * An admin for whom a partition ends with its high watermark. kafkajs's own asks as one who reads
 * committed records, and is given the last stable offset: below all that an open transaction holds
 * back. It offers no choice; its clusters are made by a method under a symbol.
 */
export function newUncommittedAdmin(
  connection: KafkaConnection,
  clientId: string,
  log: Logger,
): Admin {
  const kafka = newClient(connection, clientId, log) as WithClusters;
  const symbol = symbolOfClusters(kafka);
  const createCluster = kafka[symbol] as CreateCluster;
  kafka[symbol] = (options) => createCluster({ ...options, isolationLevel: READ_UNCOMMITTED });
  return kafka.admin();
}

/** kafkajs's connections to the brokers, without anything above them. */
export function newCluster(
  connection: KafkaConnection,
  clientId: string,
  log: Logger,
  isolationLevel: ReadAs,
): Cluster {
  const kafka = newClient(connection, clientId, log) as WithClusters;
  const createCluster = kafka[symbolOfClusters(kafka)] as CreateCluster;
  return createCluster({ isolationLevel, allowAutoTopicCreation: false });
}

type CreateCluster = (options: object) => Cluster;
type WithClusters = Kafka & Record<symbol, CreateCluster>;

const symbolOfClusters = (kafka: object): symbol =>
  Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  ) as symbol;
