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

/** Why the bytes of a version, or its lock, are not there to be read. */
export type Unread = { readonly why: 'too large' } | { readonly why: 'refused'; said: string };

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
 * @param read makes of a version's bytes what is kept of it
 * @throws RuntimeError when a region cannot be asked
 */
export async function fetchKey<Content>(
  { versions }: ListedKey,
  archives: readonly Archive[],
  read: (bytes: Buffer | Unread) => Promise<Content>,
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
  read: (bytes: Buffer | Unread) => Promise<Content>,
): Promise<FetchedVersion<Content> | null> {
  if (listed.size > MAX_OBJECT) return { listed, lock: NO_LOCK, content: await read(TOO_LARGE) };
  try {
    return await readVersion(archive, listed, read);
  } catch (error) {
    const unread = error instanceof RuntimeError ? unreadOf(error) : null;
    if (unread === null) throw error;
    return { listed, lock: NO_LOCK, content: await read(unread) };
  }
}

const NO_LOCK: Lock = { mode: null, retainUntil: null };
const TOO_LARGE = { why: 'too large' } as const;

async function readVersion<Content>(
  archive: Archive,
  listed: ListedVersion,
  read: (bytes: Buffer | Unread) => Promise<Content>,
): Promise<FetchedVersion<Content> | null> {
  const { key, versionId } = listed;
  const got = await archive.getVersion(key, versionId, MAX_OBJECT);
  // Not every store tells the lock with the bytes.
  const lock = got?.mode === null ? await archive.headVersion(key, versionId) : got;
  if (got === null || lock === null) return null;
  const { mode, retainUntil } = lock;
  return { listed, lock: { mode, retainUntil }, content: await read(got.bytes) };
}

/** null: the error is not about this version. */
function unreadOf({ code, message }: RuntimeError): Unread | null {
  if (code === 'OBJECT_TOO_LARGE') return TOO_LARGE;
  return code === 'S3_VERSION_REFUSED' ? { why: 'refused', said: message } : null;
}
