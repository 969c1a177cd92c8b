/**
 * The place of this region in a log when none is committed: at the very first start, or because
 * Kafka dropped the state (it does so a week after the last commit). The bucket is asked whether it
 * holds the first batch that the topic still has, or the one before it.
 *
 * It may not be guessed. A batch 0 is the beginning only if the bucket holds no other beginning and
 * nothing that was sealed before it: otherwise Kafka was lost and somebody began the log anew beside
 * its archived history. Any other first batch must join what the bucket holds: otherwise batches are
 * missing, unless all of them have expired.
 *
 * All that follows is archived as always: most of it is there and is found, and what a crash left
 * out is written. So it does not matter how far the bucket reaches, nor that an attacker may have
 * put a later batch there from another region.
 */
import { type DeploymentKeys, logPrefix, MAX_OBJECT, parseObjectKey } from '@authseal/ledger';
import type { ListedVersion } from '@authseal/runtime';
import { type Archive, findKept } from './archive-batch.ts';
import { hasExpiredBefore, type Place, placeBefore } from './continuity.ts';
import { ArchiverError } from './error.ts';
import { type OurBatch, readOurBatch } from './our-batch.ts';
import type { Store } from './store.ts';

/**
 * The place before `first`, the first batch of its log in the topic; `key` is its object's.
 * @throws ArchiverError GAP, FORK; RuntimeError when S3 fails
 */
export async function findPlace(
  first: OurBatch,
  key: string,
  prefix: string,
  archive: Archive,
  keys: DeploymentKeys,
): Promise<Place> {
  const { header } = first;
  const before = placeBefore(header);
  if ((await findKept(first, key, archive)) !== null) return before;
  for await (const version of versionsOfLog(header.origin, prefix, archive.store)) {
    const number = parseObjectKey(prefix, version.key)?.batch;
    if (version.deleteMarker || (header.batch > 0 && number !== before.batch)) continue;
    const there = await readLocked(version, header.origin, archive.store, keys);
    if (there === null) continue;
    if (header.batch > 0 && there.hash === before.header) return before;
    if (header.batch === 0 && isOfAnother(first, there)) throw beganAnew(first, version, there);
  }
  if (header.batch === 0 || hasExpiredBefore(header, archive.clock.now())) return before;
  throw new ArchiverError(
    'GAP',
    `${header.origin}: the topic begins with batch ${header.batch}, and neither it nor batch ${before.batch} is in the bucket. The batches below are not in the topic any more. If another region has them (\`authseal verify\` tells), run \`authseal-archiver backfill --from-region <that region>\` for this one, and restart this archiver.`,
  );
}

/** Whether a batch is no descendant of this batch 0. */
function isOfAnother({ header, hash }: OurBatch, there: OurBatch): boolean {
  if (there.header.batch === 0) return there.hash !== hash;
  return there.header.sealedAt < header.sealedAt;
}

/**
 * Whether this batch is locked under its key, be it in other bytes: a batch is known by its header,
 * and signature lines of strangers may stand under its checkpoint or not.
 */
export async function holdsBatch(
  { header, hash }: OurBatch,
  key: string,
  store: Store,
  keys: DeploymentKeys,
): Promise<boolean> {
  for await (const version of store.listVersions(key)) {
    if (version.key !== key || version.deleteMarker) continue;
    const there = await readLocked(version, header.origin, store, keys);
    if (there?.hash === hash) return true;
  }
  return false;
}

/** All versions of a log, ascending by day and number. */
export function versionsOfLog(origin: string, prefix: string, store: Store) {
  const [, topic, partition] = origin.split('/') as [string, string, string];
  return store.listVersions(logPrefix(prefix, topic, Number(partition)));
}

/** An authentic batch of this log that nobody can delete, or null. */
export async function readLocked(
  { key, versionId, size }: ListedVersion,
  origin: string,
  store: Store,
  keys: DeploymentKeys,
): Promise<OurBatch | null> {
  if (size > MAX_OBJECT) return null;
  const head = await store.headVersion(key, versionId);
  if (head?.mode !== 'COMPLIANCE') return null;
  const version = await store.getVersion(key, versionId, MAX_OBJECT);
  if (version === null) return null;
  try {
    return readOurBatch(version.bytes, origin, keys);
  } catch (error) {
    if (error instanceof ArchiverError) return null;
    throw error;
  }
}

function beganAnew({ header }: OurBatch, { key }: ListedVersion, there: OurBatch): ArchiverError {
  return new ArchiverError(
    'FORK',
    `${header.origin}: the topic begins with a batch 0, but the bucket holds another history of this log: ${key} is its batch ${there.header.batch}. If Kafka was lost, begin again under a new deployment name or topic; nothing was written here.`,
  );
}
