/** Every limit and default of the SDK, with its unit and its reason. */

/**
 * Bytes of one flush as a record batch, headers included. Below Kafka's default `max.message.bytes`
 * of 1,048,588 and the 1 MiB of the topic `auth-events`, with room to spare.
 */
export const MAX_FLUSH_BYTES = 1_000_000;

/** Events of one flush: kafkajs groups a send in quadratic time; at 1,000 that is under 2 ms. */
export const MAX_FLUSH_EVENTS = 1_000;

/** Bytes of a record batch before its first record (Kafka protocol, message format v2). */
const BATCH_OVERHEAD_BYTES = 61;

/** A varint in a record never takes more: no length in a flush reaches 2^27. */
const MAX_VARINT_BYTES = 4;

/** Names of the Kafka headers, as section 8 of ledger/README.md fixes them. */
export const HEADER_SEQUENCE = 'authseal-sequence';
export const HEADER_LINK = 'authseal-link';
export const HEADER_SIGNATURE = 'authseal-signature';
export const HEADER_TRACEPARENT = 'traceparent';

/** Bytes of a SHA-256 link and of an Ed25519 signature. */
const LINK_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Milliseconds an event waits for others before its flush goes out: Kafka 4's own `linger.ms`. */
export const DEFAULT_LINGER_MS = 5;

/** Bytes of unconfirmed events kept in memory: about 100,000 events of usual size. */
export const DEFAULT_MAX_BUFFERED_BYTES = 32 * 1024 * 1024;

/**
 * Milliseconds between two tries, by kafkajs and by the sender, doubling. The first comes quickly,
 * since most failures are a leader that moves; the longest is that of Java's producer.
 */
export const FIRST_RETRY_MS = 100;
export const LONGEST_RETRY_MS = 1_000;

/**
 * Milliseconds that a flush is tried in silence: a leader that moves, a topic that was just made and
 * a coordinator that loads are there again by then, and nobody need be told.
 */
export const LASTING_MS = 3_000;

/** Milliseconds within which the same warning is given once: Kafka may be away for hours. */
export const SAME_WARNING_MS = 10_000;

/** An upper bound of the bytes of one header in a record. */
const headerBytes = (name: string, valueBytes: number): number =>
  2 * MAX_VARINT_BYTES + name.length + valueBytes;

/** What link and signature add to the last record of a flush, and the batch to all of them. */
export const FLUSH_OVERHEAD_BYTES =
  BATCH_OVERHEAD_BYTES +
  headerBytes(HEADER_LINK, LINK_BYTES) +
  headerBytes(HEADER_SIGNATURE, SIGNATURE_BYTES);

/**
 * An upper bound of the bytes that an event takes in a record batch, without link and signature
 * (Kafka message format v2: length, attributes, timestamp and offset deltas, key, value, headers).
 */
export function recordBytes(
  key: string,
  value: Uint8Array,
  headers: Readonly<Record<string, string>>,
): number {
  const lengths = 6 * MAX_VARINT_BYTES + 1;
  let bytes = lengths + Buffer.byteLength(key) + value.length;
  for (const name in headers) bytes += headerBytes(name, headers[name]?.length ?? 0);
  return bytes;
}
