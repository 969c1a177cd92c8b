/**
 * A gap in the topic that is none in the bucket: batches that Kafka no longer has were filled in from
 * another region (backfill/). The bucket is asked for each of them, in order: every one must be there,
 * locked as promised, and continue the one before. Only what has expired may be missing: the batch
 * behind such a hole says so itself.
 */
import { type DeploymentKeys, type Header, parseObjectKey } from '@authseal/ledger';
import { type Archive, findKept } from './archive-batch.ts';
import { hasExpiredBefore, type Place, placeBefore, stepTo } from './continuity.ts';
import { ArchiverError } from './error.ts';
import { readLocked, versionsOfLog } from './find-place.ts';
import type { OurBatch } from './our-batch.ts';

/**
 * The place before `next`, when the bucket holds all that lies between; else how far it leads on from
 * `place`.
 * @throws RuntimeError when S3 fails
 */
export async function bridgeGap(
  { header: next }: OurBatch,
  place: Place,
  prefix: string,
  archive: Archive,
  keys: DeploymentKeys,
): Promise<Place> {
  const now = archive.clock.now();
  let reached = place;
  for await (const version of versionsOfLog(next.origin, prefix, archive.store)) {
    const number = parseObjectKey(prefix, version.key)?.batch ?? -1;
    if (version.deleteMarker || number <= reached.batch || number >= next.batch) continue;
    const there = await readLocked(version, next.origin, archive.store, keys);
    if (there === null || there.header.batch !== number) continue;
    const on = goOn(there, behindHole(there.header, reached, now), keys);
    if (on !== null && (await findKept(there, version.key, archive)) !== null) reached = on;
  }
  return behindHole(next, reached, now);
}

/** The place that this batch goes on from: another one than `reached` only if all between has expired. */
function behindHole(header: Header, reached: Place, now: number): Place {
  return header.batch > reached.batch + 1 && hasExpiredBefore(header, now)
    ? placeBefore(header)
    : reached;
}

/** Null when the batch does not continue the log. */
function goOn(batch: OurBatch, place: Place, keys: DeploymentKeys): Place | null {
  try {
    const step = stepTo(batch, place, keys);
    return step.kind === 'next' ? step.place : null;
  } catch (error) {
    if (error instanceof ArchiverError) return null;
    throw error;
  }
}
