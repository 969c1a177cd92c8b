/** The bytes and locks of all versions of one key, in all regions. */
import { MAX_OBJECT } from '@authseal/ledger';
import { type ListedVersion, type Lock, RuntimeError } from '@authseal/runtime';
import type { Archive } from './archive.ts';
import type { ListedKey } from './list.ts';

export type FetchedVersion = {
  readonly listed: ListedVersion;
  readonly lock: Lock;
  /** null: larger than any batch. */
  readonly bytes: Buffer | null;
};

export type FetchedRegion = {
  readonly region: string;
  /** Newest first. */
  readonly versions: readonly FetchedVersion[];
  /** Delete markers. */
  readonly markers: readonly ListedVersion[];
};

/** Fetches all versions of a key. A version that went away since it was listed is left out. */
export async function fetchKey(
  { versions }: ListedKey,
  archives: readonly Archive[],
): Promise<FetchedRegion[]> {
  return Promise.all(
    archives.map(async (archive, i) => {
      const listed = versions[i] ?? [];
      const kept = listed.filter(({ deleteMarker }) => !deleteMarker);
      const fetched = await Promise.all(kept.map((version) => fetchVersion(archive, version)));
      return {
        region: archive.region.name,
        versions: fetched.filter((version) => version !== null),
        markers: listed.filter(({ deleteMarker }) => deleteMarker),
      };
    }),
  );
}

async function fetchVersion(
  archive: Archive,
  listed: ListedVersion,
): Promise<FetchedVersion | null> {
  const { key, versionId } = listed;
  const got = await getBytes(archive, listed);
  if (got === null) return null;
  // Not every store tells the lock with the bytes.
  const lock = got.mode === null ? await archive.headVersion(key, versionId) : got;
  return lock && { listed, lock, bytes: got.bytes };
}

async function getBytes(
  archive: Archive,
  { key, versionId, size }: ListedVersion,
): Promise<(Lock & { bytes: Buffer | null }) | null> {
  const tooLarge = { bytes: null, mode: null, retainUntil: null };
  if (size > MAX_OBJECT) return tooLarge;
  try {
    return await archive.getVersion(key, versionId, MAX_OBJECT);
  } catch (error) {
    if (error instanceof RuntimeError && error.code === 'OBJECT_TOO_LARGE') return tooLarge;
    throw error;
  }
}
