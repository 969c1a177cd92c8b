/** Limits of the verifier; each bounds its memory against an archive that was written to harm it. */

/** Keys whose objects are fetched at once. Enough to hide the store's latency; one key costs at most some 30 MiB. */
export const FETCH_CONCURRENCY = 16;

/** Events of one flush. Kafka takes a record batch below 1 MiB, and no event with its key and sequence is smaller than 64 bytes. */
export const MAX_FLUSH_EVENTS = 16_384;

/** Flushes of a producer in which a repeat is looked for. The SDK has one flush in flight, so a late repeat is of the last or one soon before. */
export const REMEMBERED_FLUSHES = 8;

/** Keys in a row without an authentic batch that are held back until the next one tells whether they have expired. */
export const MAX_HELD_KEYS = 10_000;

/** A batch may reach a region this long after it was sealed, in milliseconds. */
export const DEFAULT_GRACE_MS = 15 * 60_000;

/** Problems of one code, log and batch that are told one by one; the others are counted. */
export const MAX_ALIKE = 20;

/** Problems of one code, log and region that are told; the rest is counted. */
export const MAX_TOLD = 1_000;
