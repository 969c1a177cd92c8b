/**
 * What lies in the regions, without judging it: each version of each batch's key, its size and its
 * lock. Objects are read only where a time range ends in the middle of a day, for their sealedAt.
 */
import {
  type KeyParts,
  LedgerError,
  MAX_OBJECT,
  parseObjectKey,
  readBatch,
} from '@authseal/ledger';
import type { ListedVersion, Lock } from '@authseal/runtime';
import { pMapIterable } from 'p-map';
import { FETCH_CONCURRENCY } from '../limits.ts';
import type { Archive } from './archive.ts';

/** One version at the key of a batch, in one region. */
export type StoredVersion = {
  readonly region: string;
  readonly parts: KeyParts;
  readonly listed: ListedVersion;
  /** Both members null: no lock, or a delete marker. */
  readonly lock: Lock;
};

/** A range of sealedAt, milliseconds since 1970. */
export type SealedRange = { readonly from?: number | undefined; readonly to?: number | undefined };

/** The versions of one region at keys of batches, in the order of keys. */
export async function* inventory(
  archive: Archive,
  range: SealedRange,
): AsyncGenerator<StoredVersion> {
  const { prefix } = archive.region;
  const versions = pMapIterable(
    archive.listVersions(`${prefix}topic=`),
    async (listed: ListedVersion) => {
      const parts = parseObjectKey(prefix, listed.key);
      return parts !== null && (await isInside(archive, listed, parts, range))
        ? describe(archive, listed, parts)
        : null;
    },
    { concurrency: FETCH_CONCURRENCY },
  );
  for await (const version of versions) if (version !== null) yield version;
}

const DAY = 86_400_000;

async function isInside(
  archive: Archive,
  listed: ListedVersion,
  parts: KeyParts,
  { from = 0, to = Number.MAX_SAFE_INTEGER }: SealedRange,
): Promise<boolean> {
  const day = Date.parse(parts.date);
  if (day + DAY <= from || day >= to) return false;
  if ((day >= from && day + DAY <= to) || listed.deleteMarker) return true;
  const sealedAt = await sealedAtOf(archive, listed);
  return sealedAt === null || (sealedAt >= from && sealedAt < to);
}

/** null: the object is no batch. */
async function sealedAtOf(archive: Archive, listed: ListedVersion): Promise<number | null> {
  if (listed.size > MAX_OBJECT) return null;
  const got = await archive.getVersion(listed.key, listed.versionId, MAX_OBJECT);
  try {
    return got && readBatch(got.bytes).header.sealedAt;
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}

async function describe(
  archive: Archive,
  listed: ListedVersion,
  parts: KeyParts,
): Promise<StoredVersion> {
  const { key, versionId, deleteMarker } = listed;
  const lock = deleteMarker ? null : await archive.headVersion(key, versionId);
  return {
    region: archive.region.name,
    parts,
    listed,
    lock: { mode: lock?.mode ?? null, retainUntil: lock?.retainUntil ?? null },
  };
}
