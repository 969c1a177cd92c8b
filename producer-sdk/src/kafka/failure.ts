/**
 * What kafkajs's words mean for who runs a producer: what happened, where, what to do next. kafkajs
 * retries without limit, so that what is wrong often shows in the words of its log alone; the
 * expressions here are those of kafkajs 2.2.4, of Node's TLS and of the brokers' answers.
 */
import { ProducerError } from '../error.ts';

/** Where it was tried. */
export interface Where {
  brokers: readonly string[];
  topic: string;
}

/** What kafkajs says before the failure itself; without it, the same failure has the same words. */
const PREFIX =
  /^(Failed to connect to seed broker, trying another broker from the list|Failed to send messages): /;

/** The failure that kafkajs tells in `words`. */
export function failureOf(
  words: string,
  { brokers, topic }: Where,
  cause?: unknown,
): ProducerError {
  const said = words.replace(PREFIX, '');
  const at = `Kafka at ${brokers.join(',')}`;
  const options = cause === undefined ? {} : { cause };
  if (/does not host this topic-partition/.test(said)) {
    return new ProducerError(
      'TOPIC_MISSING',
      `${at} has no topic ${topic} (${said}): make it with \`authseal-ingestor init\`, or correct ` +
        'the name (option `topic`; authseal-collect: --topic, AUTHSEAL_EVENTS_TOPIC)',
      options,
    );
  }
  if (/not authorized|authorization failed|sasl|authenticat/i.test(said)) {
    return new ProducerError(
      'NOT_AUTHORIZED',
      `${at} does not let this producer write to ${topic} (${said}): correct the login ` +
        '(option `kafka.sasl`; authseal-collect: AUTHSEAL_KAFKA_SASL_…), or allow its user the ' +
        'operation Write on the topic',
      options,
    );
  }
  if (
    /connection|connect |socket|certificate|ssl|tls|^request .+ timed out|no answer/i.test(said)
  ) {
    return new ProducerError(
      'KAFKA_UNREACHABLE',
      `${at} cannot be reached (${said}): start it, or correct its addresses (option ` +
        '`kafka.brokers`; authseal-collect: AUTHSEAL_KAFKA_BROKERS) and whether it takes TLS ' +
        '(`kafka.ssl`; AUTHSEAL_KAFKA_SSL)',
      options,
    );
  }
  return new ProducerError(
    'NOT_CONFIRMED',
    `${at} does not confirm what is sent to ${topic} (${said}): look into its log`,
    options,
  );
}
