/** An S3 error is tried again for ever: nothing is skipped because a region is down. */
import { RuntimeError } from '@authseal/runtime';
import { ArchiverError } from './error.ts';
import { FIRST_RETRY, LONGEST_RETRY } from './limits.ts';
import type { ArchiveWatch, Clock } from './store.ts';

/**
 * What `attempt` resolves to, once it does. A refused permission counts as a failure like others:
 * somebody will grant it again.
 * @throws ArchiverError BUCKET_UNSUITABLE, and what else `attempt` throws besides RuntimeError; the
 *   signal's reason when it is aborted while waiting
 */
export async function persist<T>(
  { clock, watch }: { readonly clock: Clock; readonly watch: ArchiveWatch },
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let wait = FIRST_RETRY; ; wait = Math.min(2 * wait, LONGEST_RETRY)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      if (error.code === 'BUCKET_NOT_VERSIONED') {
        throw new ArchiverError('BUCKET_UNSUITABLE', error.message, { cause: error });
      }
      watch.retry(error, wait);
    }
    await clock.wait(wait, signal);
  }
}
