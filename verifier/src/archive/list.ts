/**
 * The versions of all regions as one stream: key after key, each with what every region has there.
 * Each region lists its keys in ascending order, so nothing but the page at hand is kept.
 */
import type { ListedVersion } from '@authseal/runtime';
import type { Archive } from './archive.ts';

/** One key below the regions' prefixes, and each region's versions of it. */
export type ListedKey = {
  /** The key without the region's prefix. */
  readonly name: string;
  /** In the order of the regions given; newest first within a region; empty where there are none. */
  readonly versions: readonly (readonly ListedVersion[])[];
};

/** All keys below `<prefix>topic=` of all regions, ascending. */
export async function* listKeys(archives: readonly Archive[]): AsyncGenerator<ListedKey> {
  const streams = archives.map(versionsByKey);
  try {
    const heads = await Promise.all(streams.map((stream) => stream.next()));
    for (;;) {
      const [name] = heads.flatMap((head) => (head.done ? [] : [head.value.name])).sort();
      if (name === undefined) return;
      const here = heads.map((head) => !head.done && head.value.name === name);
      const versions = heads.map((head, i) => (here[i] && !head.done ? head.value.versions : []));
      yield { name, versions };
      await Promise.all(
        streams.map(async (stream, i) => {
          if (here[i]) heads[i] = await stream.next();
        }),
      );
    }
  } finally {
    await Promise.all(streams.map((stream) => stream.return()));
  }
}

type KeyOfRegion = { readonly name: string; readonly versions: readonly ListedVersion[] };

async function* versionsByKey(archive: Archive): AsyncGenerator<KeyOfRegion, void> {
  const { prefix } = archive.region;
  let key: string | null = null;
  let versions: ListedVersion[] = [];
  const group = (whole: string): KeyOfRegion => ({
    name: whole.slice(prefix.length),
    versions: versions.sort(newestFirst),
  });
  for await (const version of archive.listVersions(`${prefix}topic=`)) {
    if (key !== null && version.key !== key) {
      yield group(key);
      versions = [];
    }
    key = version.key;
    versions.push(version);
  }
  if (key !== null) yield group(key);
}

/** Stores tell times to the second or millisecond; among equals the latest is the newest. */
function newestFirst(a: ListedVersion, b: ListedVersion): number {
  return (
    Number(b.isLatest) - Number(a.isLatest) || b.lastModified.getTime() - a.lastModified.getTime()
  );
}
