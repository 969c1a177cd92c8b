/** Limits of the ingestor. */

/** A partition is paused while this much of it waits for its seal: twice the largest batch. Bytes. */
export const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** Nothing more is sealed while this much is sealed and not committed. One batch may lie above it. Bytes. */
export const MAX_UNCOMMITTED_BYTES = 4 * 1024 * 1024;

/** What a record and each of its headers take in memory besides their bytes, about. Bytes. */
export const RECORD_OVERHEAD = 400;
export const HEADER_OVERHEAD = 150;

/** Of one partition in one fetch; a larger single record still comes. Bytes. */
export const MAX_FETCH_BYTES = 1024 * 1024;

/** A batch whose Kafka time is further from its sealedAt would bind the log to a wrong clock for good. Milliseconds. */
export const MAX_CLOCK_DIFFERENCE = 2 * 60 * 60 * 1000;

/** What a broker takes as an offset's metadata (offset.metadata.max.bytes). Bytes. */
export const MAX_STATE_BYTES = 4096;

/** A refused partition is tried again after this. Milliseconds. */
export const REFUSAL_RETRY = 60_000;

/** When a fetch does not answer for this long, the admin is asked where the log ends. Milliseconds. */
export const PROBE_PATIENCE = 5_000;

/** How often the number of source partitions is asked for. Milliseconds. */
export const PARTITIONS_MAX_AGE = 60_000;

/** At the shortest between two times that a state which misses a transaction is mended from the topic. Milliseconds. */
export const BELIEF_INTERVAL = 10 * 60 * 1000;
