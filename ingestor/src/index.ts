/** What simulation and tests drive: the sealer and what it stands on. */
export { IngestorError, type IngestorErrorCode } from './error.ts';
export type { Clock, Journal, JournalWriter, Source } from './journal.ts';
export type { SealTermsOfLog } from './seal-batch.ts';
export { Sealer, type SealerObserver, type SealerParts } from './sealer.ts';
