/** The parts that a simulation runs with a store, a clock and a journal of its own. */
export { ArchiverError, type ArchiverErrorCode } from './error.ts';
export type { Journal, JournalOwner } from './journal.ts';
export { Partition, type PartitionOptions, type PartitionWatch } from './partition.ts';
export type { ArchiveWatch, Clock, Store } from './store.ts';
