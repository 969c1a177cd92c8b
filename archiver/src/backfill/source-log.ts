/** One log as the source region holds it: key after key, what lies there told apart. */
import {
  type DeploymentKeys,
  logPrefix,
  MAX_OBJECT,
  objectKey,
  parseObjectKey,
} from '@authseal/ledger';
import type { Bucket, ListedVersion } from '@authseal/runtime';
import { ArchiverError } from '../error.ts';
import { type OurBatch, readOurBatch } from '../our-batch.ts';

export type Source = Pick<Bucket, 'region' | 'listVersions' | 'getVersion'>;

/** The key of a batch: authentic objects that lie there, of different bytes each, and how much else. */
export type SourceKey = { readonly batches: readonly OurBatch[]; readonly others: number };

/** Keys that are read at once. */
const AT_ONCE = 8;

/** The partitions of a topic that the region has anything of, ascending. @throws RuntimeError */
export async function partitionsIn(source: Source, topic: string): Promise<number[]> {
  const { prefix } = source.region;
  const partitions = new Set<number>();
  for await (const { key } of source.listVersions(`${prefix}topic=${topic}/`)) {
    const parts = parseObjectKey(prefix, key);
    if (parts !== null) partitions.add(parts.partition);
  }
  return [...partitions].sort((a, b) => a - b);
}

/** All keys of batches of one log, in order. @throws RuntimeError */
export async function* sourceLog(
  source: Source,
  origin: string,
  keys: DeploymentKeys,
): AsyncGenerator<SourceKey> {
  let waiting: ListedVersion[][] = [];
  const readAll = () =>
    Promise.all(waiting.map((versions) => read(source, versions, origin, keys)));
  for await (const versions of versionsByKey(source, origin)) {
    waiting.push(versions);
    if (waiting.length < AT_ONCE) continue;
    yield* await readAll();
    waiting = [];
  }
  yield* await readAll();
}

async function* versionsByKey(source: Source, origin: string): AsyncGenerator<ListedVersion[]> {
  const [, topic, partition] = origin.split('/') as [string, string, string];
  const { prefix } = source.region;
  let versions: ListedVersion[] = [];
  for await (const version of source.listVersions(logPrefix(prefix, topic, Number(partition)))) {
    if (version.deleteMarker || parseObjectKey(prefix, version.key) === null) continue;
    if (versions.length > 0 && versions[0]?.key !== version.key) {
      yield versions;
      versions = [];
    }
    versions.push(version);
  }
  if (versions.length > 0) yield versions;
}

/** Oldest first: of several objects of one batch, the archiver's own was there before. */
async function read(
  source: Source,
  versions: readonly ListedVersion[],
  origin: string,
  keys: DeploymentKeys,
): Promise<SourceKey> {
  const batches = new Map<string, OurBatch>();
  let others = 0;
  const byAge = versions.toSorted((a, b) => a.lastModified.getTime() - b.lastModified.getTime());
  for (const { key, versionId, size } of byAge) {
    const got = size > MAX_OBJECT ? null : await source.getVersion(key, versionId, MAX_OBJECT);
    const batch = got && authentic(got.bytes, origin, keys);
    // Under another key than its own it is a copy that somebody made.
    if (batch === null || objectKey(source.region.prefix, batch.header) !== key) others += 1;
    else if (!batches.has(batch.sha256.toString('hex')))
      batches.set(batch.sha256.toString('hex'), batch);
  }
  return { batches: [...batches.values()], others };
}

/** Null when it is no authentic batch of the log. */
export function authentic(bytes: Buffer, origin: string, keys: DeploymentKeys): OurBatch | null {
  try {
    return readOurBatch(bytes, origin, keys);
  } catch (error) {
    if (error instanceof ArchiverError) return null;
    throw error;
  }
}
