/** What can go wrong in the SDK and the collectors; stable, listed in docs/errors.md. */
export type ProducerErrorCode =
  /** The options of `createAuditProducer` are wrong. Correct each one that the message names. */
  | 'INVALID_OPTIONS'
  /** The event does not fit its schema, or names another service. Nothing was sent; correct the field that the message names. */
  | 'INVALID_EVENT'
  /** The event does not fit into one record batch. Nothing was sent; shorten its longest fields. */
  | 'EVENT_TOO_LARGE'
  /** Too many events wait for Kafka. Nothing of this event was sent; slow down, wait for `flush()`, or find out why Kafka does not answer. */
  | 'BUFFER_FULL'
  /** The producer was closed before this event was recorded. Nothing was sent; record events before `close()`. */
  | 'CLOSED'
  /** `close` ran into its timeout before Kafka confirmed these events. They may or may not be in Kafka; record them again in the next run. */
  | 'UNCONFIRMED'
  /** No broker answers, or the connection breaks. Start Kafka, or correct its addresses (`kafka.brokers`; `AUTHSEAL_KAFKA_BROKERS` of the collector) or TLS. The SDK itself tries on, and names this in warnings and as the cause of UNCONFIRMED; the collector ends with it at its start. */
  | 'KAFKA_UNREACHABLE'
  /** Kafka has no such topic. Make it with `authseal-ingestor init`, or correct its name. The SDK itself tries on, as above. */
  | 'TOPIC_MISSING'
  /** Kafka refuses the login, or does not let its user write to the topic. Correct the login, or allow Write on the topic. The SDK itself tries on, as above. */
  | 'NOT_AUTHORIZED'
  /** Kafka's answer to a flush is not a confirmation. Look at the broker's answer in the message. The SDK itself sends the flush again, as above. */
  | 'NOT_CONFIRMED'
  /** An input of the collector cannot be opened, read or decompressed. See the file and position in the message. */
  | 'UNREADABLE_INPUT'
  /** A collector was called with wrong flags or without the environment that it needs. Correct what the message names. */
  | 'USAGE';

/** The one error class of this package. */
export class ProducerError extends Error {
  readonly code: ProducerErrorCode;

  constructor(code: ProducerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProducerError';
    this.code = code;
  }
}
