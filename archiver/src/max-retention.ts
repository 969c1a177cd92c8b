/** A lock that nobody could take back. */
import type { Header } from '@authseal/ledger';
import { ArchiverError } from './error.ts';
import { CLOCK_SLACK } from './limits.ts';

/**
 * @param maxRetention longest lock from now, in milliseconds
 * @throws ArchiverError RETENTION_TOO_LONG
 */
export function checkRetention(
  { origin, batch, retainUntil }: Header,
  maxRetention: number,
  now: number,
): void {
  if (retainUntil - now <= maxRetention + CLOCK_SLACK) return;
  throw new ArchiverError(
    'RETENTION_TOO_LONG',
    `${origin} batch ${batch} asks for a lock until ${new Date(retainUntil).toISOString()}, longer than AUTHSEAL_MAX_RETENTION allows, and nobody could take it back. If that is meant, raise the maximum and restart; if not, correct the ingestor's AUTHSEAL_RETENTION.`,
  );
}
