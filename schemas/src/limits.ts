/**
 * Largest Kafka value that is taken for an event, in bytes: 1 MiB, the
 * `max.message.bytes` of the topic auth-events. Longer values are MALFORMED,
 * so that the cost of one record is bounded whatever it holds.
 */
export const MAX_VALUE_BYTES = 1_048_576;
