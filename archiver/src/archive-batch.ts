/**
 * The story of one batch, from the topic into the bucket.
 *
 *   1. It is checked whole (our-batch.ts) and continues its log (continuity.ts).
 *   2. PUT, only if the key is free (If-None-Match: *), with the SHA-256 of the bytes, under
 *      COMPLIANCE until max(retainUntil, now + 1 day). The key is taken (412): go to 4.
 *   3. HEAD of the version that PUT returned. Archived when the store itself shows our checksum,
 *      COMPLIANCE and the date; otherwise the store cannot be trusted and the partition stops.
 *   4. The versions under the key are listed. Archived when one has our bytes and COMPLIANCE and a
 *      date no earlier than retainUntil. When only the date is short, it is raised, and 3 done on
 *      that version. When none has, ours is written as a newer version (2 without the condition,
 *      then 3) and an alert raised: somebody may have put the same bytes there without a lock.
 *   5. The place in the log is committed to Kafka, in the order of the log (partition.ts).
 *
 * Why a crash between any two is harmless: nothing but 5 moves the place, so whoever comes next, in
 * this process or another, takes the same record up again at 1. Before 2 nothing happened. After 2,
 * also when its answer was lost or two processes came at once, the next PUT meets 412, and 4 finds
 * the version, locked: a version under COMPLIANCE cannot be taken back by anybody, so what 4 finds
 * once stays true. A crash inside 4 leaves a raised lock, or a version of ours that the next 4
 * finds. After 5 nothing is left to do.
 *
 * An S3 error, also a refused permission, is tried again from 2 for ever; no batch is skipped.
 */
import { failpoint, type ListedVersion, RuntimeError, type VersionHead } from '@authseal/runtime';
import { ArchiverError } from './error.ts';
import { MIN_LOCK } from './limits.ts';
import type { OurBatch } from './our-batch.ts';
import { persist } from './persist.ts';
import type { ArchiveWatch, Clock, Store } from './store.ts';

/** `written` as a new object; `found` there already; `raised`: found, its lock made longer; `beside`: written as a newer version. */
export type Outcome = 'written' | 'found' | 'raised' | 'beside';

export type Archive = {
  readonly store: Store;
  readonly clock: Clock;
  readonly watch: ArchiveWatch;
};

export type ArchiveOptions = {
  /** Begin at 4: the batch is probably there, and looking is cheaper than sending it. */
  readonly lookFirst: boolean;
  /** Ends the wait before a new try; a request under way is not cut. */
  readonly signal: AbortSignal;
};

/**
 * Resolves when the batch is archived under `key`.
 * @throws ArchiverError NOT_KEPT, BUCKET_UNSUITABLE; the signal's reason when it was aborted
 */
export async function archiveBatch(
  batch: OurBatch,
  key: string,
  archive: Archive,
  { lookFirst, signal }: ArchiveOptions,
): Promise<Outcome> {
  return await persist(archive, signal, () => tryOnce(batch, key, archive, lookFirst));
}

async function tryOnce(
  batch: OurBatch,
  key: string,
  archive: Archive,
  lookFirst: boolean,
): Promise<Outcome> {
  const found = lookFirst ? await findKept(batch, key, archive) : null;
  if (found !== null) return found;
  if (await write(batch, key, archive, true)) return 'written';
  return (await findKept(batch, key, archive)) ?? (await writeBeside(batch, key, archive));
}

/** Steps 2 and 3. False when the key is taken. */
async function write(
  { object, sha256, header }: OurBatch,
  key: string,
  { store, clock, watch }: Archive,
  ifNoneMatch: boolean,
): Promise<boolean> {
  const lockUntil = lockDate(header.retainUntil, clock);
  const began = clock.now();
  const put = { key, body: object, sha256, retainUntil: lockUntil, ifNoneMatch };
  const answer = await store.putLocked(put);
  failpoint('put');
  watch.put(clock.now() - began);
  if (answer.outcome === 'exists') return false;
  if (answer.outcome === 'conflict') {
    throw new RuntimeError('S3_FAILED', `${key}: another write is under way (409); trying again`);
  }
  await checkKept(key, answer.versionId, { object, sha256 }, lockUntil, store);
  return true;
}

/** S3 keeps dates to the second. */
function lockDate(retainUntil: number, clock: Clock): Date {
  return new Date(Math.ceil(Math.max(retainUntil, clock.now() + MIN_LOCK) / 1000) * 1000);
}

/** Step 3. */
async function checkKept(
  key: string,
  versionId: string,
  bytes: Pick<OurBatch, 'object' | 'sha256'>,
  until: Date,
  store: Store,
): Promise<void> {
  const head = await store.headVersion(key, versionId);
  failpoint('shown');
  if (head !== null && hasBytes(head, bytes) && isLockedUntil(head, until.getTime())) return;
  const expected = `${bytes.object.length} bytes with SHA-256 ${bytes.sha256.toString('hex')} under COMPLIANCE until ${until.toISOString()}`;
  throw new ArchiverError(
    'NOT_KEPT',
    `${key}, version ${versionId}: the store took ${expected} and now shows ${describe(head)}. It does not keep what it is given: try it with \`authseal doctor\`.`,
  );
}

/** Step 4, without its last resort; null when no version will do. */
export async function findKept(
  batch: OurBatch,
  key: string,
  { store, clock, watch }: Archive,
): Promise<'found' | 'raised' | null> {
  const { retainUntil } = batch.header;
  let short: { version: ListedVersion; head: VersionHead } | null = null;
  for await (const version of versionsOf(key, store)) {
    if (version.deleteMarker || version.size !== batch.object.length) continue;
    const head = await store.headVersion(key, version.versionId);
    if (head === null || !hasBytes(head, batch) || head.mode !== 'COMPLIANCE') continue;
    if (isLockedUntil(head, retainUntil)) return 'found';
    short ??= { version, head };
  }
  if (short === null) return null;
  const { versionId } = short.version;
  const until = lockDate(retainUntil, clock);
  await store.putRetention(key, versionId, 'COMPLIANCE', until);
  await checkKept(key, versionId, batch, until, store);
  watch.alert(
    new ArchiverError(
      'LOCK_SHORT',
      `${key}, version ${versionId}: our bytes were there, locked only until ${short.head.retainUntil?.toISOString()}; raised to ${until.toISOString()}. Somebody else writes to this bucket: find out who.`,
    ),
  );
  return 'raised';
}

async function writeBeside(batch: OurBatch, key: string, archive: Archive): Promise<Outcome> {
  await write(batch, key, archive, false);
  archive.watch.alert(
    new ArchiverError(
      'KEY_TAKEN',
      `${key}: something was there, and no version of it has our bytes under a COMPLIANCE lock; ours was written as a newer version. Somebody else writes to this bucket: find out who; \`authseal verify\` lists all versions.`,
    ),
  );
  return 'beside';
}

/** The versions of this key alone: a listing gives all keys that begin with it. */
async function* versionsOf(key: string, store: Store): AsyncGenerator<ListedVersion> {
  for await (const version of store.listVersions(key)) if (version.key === key) yield version;
}

/** The store's own checksum; one that was written without is not ours. */
function hasBytes(head: VersionHead, { object, sha256 }: Pick<OurBatch, 'object' | 'sha256'>) {
  return head.size === object.length && head.checksumSha256?.equals(sha256) === true;
}

function isLockedUntil({ mode, retainUntil }: VersionHead, time: number): boolean {
  return mode === 'COMPLIANCE' && retainUntil !== null && retainUntil.getTime() >= time;
}

function describe(head: VersionHead | null): string {
  if (head === null) return 'nothing';
  const { size, checksumSha256: checksum, mode, retainUntil } = head;
  const lock = mode === null ? 'no lock' : `${mode} until ${retainUntil?.toISOString()}`;
  return `${size} bytes with ${checksum === null ? 'no checksum' : `SHA-256 ${checksum.toString('hex')}`} under ${lock}`;
}
