/** Where the entries of a region's batches end, found beforehand for the reference of verifying. */
import { readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import type { Region } from '@authseal/deploy/local';
import { MAX_OBJECT, readBatch } from '@authseal/ledger';
import { Bucket } from '@authseal/runtime';

/** By key of the object: 0, then where each entry ends in the decompressed block. Empty batches are left out. */
export type Bounds = ReadonlyMap<string, Uint32Array>;

/** @returns how many entries there are */
export async function writeBounds(file: string, region: Region): Promise<number> {
  const bounds = new Map<string, Uint32Array>();
  let entries = 0;
  const bucket = new Bucket(region);
  for await (const { key, versionId } of bucket.listVersions(`${region.prefix}topic=`)) {
    const got = await bucket.getVersion(key, versionId, MAX_OBJECT);
    if (got === null) throw new Error(`${key} is gone`);
    const batch = readBatch(got.bytes);
    const { count } = batch.header;
    if (count === 0) continue;
    const ends = new Uint32Array(count + 1);
    for (let i = 0; i < count; i += 1) ends[i + 1] = (ends[i] as number) + batch.bytesOf(i).length;
    bounds.set(key, ends);
    entries += count;
  }
  bucket.close();
  writeFileSync(file, serialize(bounds));
  return entries;
}

export function readBounds(file: string): Bounds {
  return deserialize(readFileSync(file));
}
