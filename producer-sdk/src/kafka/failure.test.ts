import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { failureOf } from './failure.ts';

const where = { brokers: ['kafka-0:9092', 'kafka-1:9092'], topic: 'auth-events' };

/** What kafkajs says of an error code of Kafka's protocol. */
const { createErrorFromCode } = createRequire(import.meta.url)('kafkajs/src/protocol/error.js') as {
  createErrorFromCode(code: number): Error;
};
const answered = (code: number) => createErrorFromCode(code).message;

const [UNKNOWN_TOPIC, NOT_ENOUGH_REPLICAS, TOPIC_REFUSED, CLUSTER_REFUSED, SASL_FAILED] = [
  3, 19, 29, 31, 58,
];

describe('a failure of Kafka', () => {
  it.each([
    ['TOPIC_MISSING', answered(UNKNOWN_TOPIC)],
    ['NOT_AUTHORIZED', answered(TOPIC_REFUSED)],
    ['NOT_AUTHORIZED', answered(CLUSTER_REFUSED)],
    ['NOT_AUTHORIZED', answered(SASL_FAILED)],
    ['NOT_AUTHORIZED', 'SASL PLAIN authentication failed: Authentication failed'],
    ['KAFKA_UNREACHABLE', 'Connection error: connect ECONNREFUSED 127.0.0.1:1'],
    ['KAFKA_UNREACHABLE', 'Connection error: getaddrinfo ENOTFOUND kafka-0'],
    ['KAFKA_UNREACHABLE', 'Connection error: self-signed certificate'],
    ['KAFKA_UNREACHABLE', 'Connection timeout'],
    ['KAFKA_UNREACHABLE', 'Closed connection'],
    ['KAFKA_UNREACHABLE', 'Request Produce(key: 0, version: 7) timed out'],
    ['NOT_CONFIRMED', answered(NOT_ENOUGH_REPLICAS)],
  ])('is %s when kafkajs says: %s', (code, words) => {
    const cause = new Error(words);
    const failure = failureOf(words, where, cause);
    expect(failure).toMatchObject({ name: 'ProducerError', code, cause });
    expect(failure.message).toContain('kafka-0:9092,kafka-1:9092');
    expect(failure.message).toContain(words);
  });

  it('says what to do next', () => {
    expect(failureOf(answered(UNKNOWN_TOPIC), where).message).toMatch(
      /no topic auth-events .*authseal-ingestor init/,
    );
    expect(failureOf('Connection timeout', where).message).toContain('AUTHSEAL_KAFKA_BROKERS');
    expect(failureOf(answered(SASL_FAILED), where).message).toContain('AUTHSEAL_KAFKA_SASL_');
  });

  it('has the same words whichever part of kafkajs tells it', () => {
    const words = 'Connection error: connect ECONNREFUSED 127.0.0.1:1';
    const told = `Failed to connect to seed broker, trying another broker from the list: ${words}`;
    expect(failureOf(told, where).message).toBe(failureOf(words, where).message);
  });
});
