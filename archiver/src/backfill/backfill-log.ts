/**
 * `authseal-archiver backfill`, for one log: batches that this region lacks are copied from another.
 *
 *   1. The source's keys are read in order. The batch is the authentic object that continues the log;
 *      whatever else lies there is counted.
 *   2. A batch whose promise has expired is left out.
 *   3. The target's versions under that key are looked at. It is there when one of them is that batch,
 *      under COMPLIANCE until it expires or later.
 *   4. Else it is archived as an archiver does it (archive-batch.ts), byte for byte.
 *
 * A crash at any point is harmless: run again, it finds what is there. An archiver of the target may
 * run meanwhile: both write only where nothing is, and what one of them finds it leaves.
 *
 * Two histories stop the log: none of its batches after that is copied, and a person must look.
 */
import { type DeploymentKeys, MAX_OBJECT, objectKey } from '@authseal/ledger';
import { type Archive, archiveBatch } from '../archive-batch.ts';
import { hasExpiredBefore, type Place, placeBefore, stepTo } from '../continuity.ts';
import { ArchiverError } from '../error.ts';
import { checkRetention } from '../max-retention.ts';
import type { OurBatch } from '../our-batch.ts';
import type { Store } from '../store.ts';
import { authentic, type Source, type SourceKey, sourceLog } from './source-log.ts';

export type BackfillOptions = {
  readonly origin: string;
  readonly keys: DeploymentKeys;
  readonly source: Source;
  readonly target: Archive;
  /** Of the target's keys. */
  readonly prefix: string;
  /** Longest lock from now, in milliseconds. */
  readonly maxRetention: number;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
};

/** What became of a log. */
export type Tally = {
  /** Numbers of the batches copied, or that would be. */
  copied: number[];
  /** Batches that were there already. */
  there: number;
  expired: number;
  /** Batches that the source lacks between others, and that have not expired. */
  missing: number;
  /** Objects in the source that are no batch of the log, or not under its key. */
  others: number;
  /** Why nothing more of the log is copied. */
  stopped: ArchiverError | null;
};

/** @throws ArchiverError BUCKET_UNSUITABLE, NOT_KEPT; RuntimeError when a region fails */
export async function backfillLog(options: BackfillOptions): Promise<Tally> {
  const { origin, keys, source, target } = options;
  const tally = { copied: [], there: 0, expired: 0, missing: 0, others: 0, stopped: null };
  let place: Place | null = null;
  for await (const key of sourceLog(source, origin, keys)) {
    tally.others += key.others;
    if (key.batches.length === 0) continue;
    try {
      const next = choose(key, place, target.clock.now(), keys, tally);
      place = next.place;
      await fill(next.batch, options, tally);
    } catch (error) {
      if (error instanceof ArchiverError && STOPS.includes(error.code)) {
        return { ...tally, stopped: error };
      }
      throw error;
    }
  }
  return tally;
}

/** What is of one log alone. */
const STOPS = ['FORK', 'KEY_REFUSED', 'RETENTION_TOO_LONG'];

type Next = { readonly batch: OurBatch; readonly place: Place };

/**
 * The batch at a key, and the place after it.
 * @throws ArchiverError FORK, KEY_REFUSED
 */
function choose(
  { batches }: SourceKey,
  place: Place | null,
  now: number,
  keys: DeploymentKeys,
  tally: Tally,
): Next {
  const [first] = batches as [OurBatch];
  const { batch: number, origin } = first.header;
  const due = place === null ? number : place.batch + 1;
  const isBehindHole = place === null || number > due;
  if (number > due && hasExpiredBefore(first.header, now)) tally.expired += number - due;
  else tally.missing += Math.max(0, number - due);
  const steps = batches.map((batch) => tryStep(batch, isBehindHole ? null : place, keys));
  const fits = steps.filter((step): step is Next => !(step instanceof ArchiverError));
  const [only] = fits;
  if (only === undefined) throw steps[0];
  const second = fits.find(({ batch }) => batch.hash !== only.batch.hash);
  if (second !== undefined) {
    throw new ArchiverError(
      'FORK',
      `${origin}: the source holds two authentic batches ${number}, with header hashes ${only.batch.hash} and ${second.batch.hash}. Keep everything and run \`authseal verify\` over all regions.`,
    );
  }
  tally.others += batches.length - 1;
  return only;
}

function tryStep(batch: OurBatch, place: Place | null, keys: DeploymentKeys): Next | ArchiverError {
  try {
    const step = stepTo(batch, place ?? placeBefore(batch.header), keys);
    if (step.kind === 'next') return { batch, place: step.place };
  } catch (error) {
    if (error instanceof ArchiverError) return error;
    throw error;
  }
  const { origin, batch: number } = batch.header;
  return new ArchiverError(
    'FORK',
    `${origin}: the source holds batch ${number} a second time, sealed on another day. Keep everything and run \`authseal verify\` over all regions.`,
  );
}

async function fill(batch: OurBatch, options: BackfillOptions, tally: Tally): Promise<void> {
  const { target, prefix, maxRetention, dryRun, signal } = options;
  const { header } = batch;
  const now = target.clock.now();
  if (header.retainUntil <= now) {
    tally.expired += 1;
    return;
  }
  const key = objectKey(prefix, header);
  if (await isThere(batch, key, options)) {
    tally.there += 1;
    return;
  }
  checkRetention(header, maxRetention, now);
  if (!dryRun) await archiveBatch(batch, key, target, { lookFirst: true, signal });
  tally.copied.push(header.batch);
}

/** @throws ArchiverError FORK when another batch lies there */
async function isThere(
  batch: OurBatch,
  key: string,
  { target, keys }: BackfillOptions,
): Promise<boolean> {
  const { store } = target;
  const { origin, batch: number, retainUntil } = batch.header;
  let isKept = false;
  for await (const version of store.listVersions(key)) {
    if (version.key !== key || version.deleteMarker || version.size > MAX_OBJECT) continue;
    const there = await readVersion(store, key, version.versionId, origin, keys);
    if (there === null) continue;
    if (there.batch.hash !== batch.hash) {
      throw new ArchiverError(
        'FORK',
        `${origin}: the source holds batch ${number} with header hash ${batch.hash}, and the target one with ${there.batch.hash}. Nothing was written over it. Keep everything and run \`authseal verify\` over all regions.`,
      );
    }
    isKept ||= there.lockedUntil >= retainUntil;
  }
  return isKept;
}

async function readVersion(
  store: Store,
  key: string,
  versionId: string,
  origin: string,
  keys: DeploymentKeys,
): Promise<{ batch: OurBatch; lockedUntil: number } | null> {
  const [got, head] = await Promise.all([
    store.getVersion(key, versionId, MAX_OBJECT),
    store.headVersion(key, versionId),
  ]);
  const batch = got && authentic(got.bytes, origin, keys);
  if (batch === null) return null;
  const isLocked = head?.mode === 'COMPLIANCE' && head.retainUntil !== null;
  return { batch, lockedUntil: isLocked ? (head.retainUntil as Date).getTime() : 0 };
}
