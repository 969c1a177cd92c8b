/** The bytes and locks of all versions of one key, in all regions. */
import { MAX_OBJECT } from '@authseal/ledger';
import { type ListedVersion, type Lock, RuntimeError } from '@authseal/runtime';
import type { Archive } from './archive.ts';
import type { ListedKey } from './list.ts';

/** One version; `content` is what the reader made of its bytes. */
export type FetchedVersion<Content> = {
  readonly listed: ListedVersion;
  readonly lock: Lock;
  readonly content: Content;
};

export type FetchedRegion<Content> = {
  readonly region: string;
  /** Newest first. */
  readonly versions: readonly FetchedVersion<Content>[];
  /** Delete markers. */
  readonly markers: readonly ListedVersion[];
};

/**
 * Fetches all versions of a key, those of one region one after the other: whoever may write can put
 * any number of them there. A version that went away since it was listed is left out.
 *
 * @param read makes of a version's bytes what is kept of it; null: larger than any batch
 */
export async function fetchKey<Content>(
  { versions }: ListedKey,
  archives: readonly Archive[],
  read: (bytes: Buffer | null) => Content,
): Promise<FetchedRegion<Content>[]> {
  return Promise.all(
    archives.map(async (archive, i) => {
      const listed = versions[i] ?? [];
      const fetched: FetchedVersion<Content>[] = [];
      for (const version of listed.filter(({ deleteMarker }) => !deleteMarker)) {
        const one = await fetchVersion(archive, version, read);
        if (one !== null) fetched.push(one);
      }
      const markers = listed.filter(({ deleteMarker }) => deleteMarker);
      return { region: archive.region.name, versions: fetched, markers };
    }),
  );
}

async function fetchVersion<Content>(
  archive: Archive,
  listed: ListedVersion,
  read: (bytes: Buffer | null) => Content,
): Promise<FetchedVersion<Content> | null> {
  const { key, versionId } = listed;
  const got = await getBytes(archive, listed);
  if (got === null) return null;
  const content = read(got.bytes);
  // Not every store tells the lock with the bytes.
  const lock = got.mode === null ? await archive.headVersion(key, versionId) : got;
  return lock && { listed, lock: { mode: lock.mode, retainUntil: lock.retainUntil }, content };
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
