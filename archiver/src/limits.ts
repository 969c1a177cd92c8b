/** Limits of the archiver. */

/** Batches of one partition on their way to S3 at once: hides the store's latency. */
export const MAX_PUTS = 4;

/** Batches of one partition that are on their way or wait for their commit: bounds what a crash repeats. */
export const MAX_UNCOMMITTED = 2 * MAX_PUTS;

/** A partition is paused while this much of it waits or is on its way: two of the largest objects and a fetch beside. Bytes. */
export const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** Of one partition in one fetch: the largest record that the batches topic takes. Bytes. */
export const MAX_FETCH_BYTES = 8 * 1024 * 1024;

/** Shortest lock from the time of writing: what comes late stays long enough to be looked at. Milliseconds. */
export const MIN_LOCK = 24 * 60 * 60 * 1000;

/** How much longer than the maximum a lock may last as our clock sees it: clocks differ. Milliseconds. */
export const CLOCK_SLACK = 60 * 60 * 1000;

/** Wait before the first new try after S3 failed; doubles up to the longest. Milliseconds. */
export const FIRST_RETRY = 250;
export const LONGEST_RETRY = 30_000;

/** At the start, between two tries to reach what is needed. Milliseconds. */
export const START_RETRY = 1000;

/** How often the ends of the partitions are asked for, so that the lag of a paused one shows. Milliseconds. */
export const LAG_INTERVAL = 10_000;
