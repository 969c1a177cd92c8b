/**
 * The reference of verifying: each object of a region is fetched and decompressed, and the leaves of
 * its entries and the nodes above them are hashed. Where the entries end is told beforehand; nothing
 * is read of them and nothing compared.
 *
 *     node hash-alone.ts <region> <file of entry-bounds.ts>
 */
import { hash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { MAX_OBJECT } from '@authseal/ledger';
import type { Bucket } from '@authseal/runtime';
import pMap from 'p-map';
import { readContainer } from '../../ledger/src/container.ts';
import { openRegions } from '../../verifier/src/cli/settings.ts';
import { FETCH_CONCURRENCY } from '../../verifier/src/limits.ts';
import { readBounds } from './entry-bounds.ts';
import { endScript } from './script.ts';

const [region, file] = process.argv.slice(2) as [string, string];
const [bucket] = openRegions({ region: [region] }) as [Bucket];
const boundsOf = readBounds(file);
const node = Buffer.alloc(65, 1);

/** Merkle nodes over leaves that come one by one; roots of perfect subtrees wait in `waiting`. */
class Tree {
  readonly waiting: { level: number; root: string }[] = [];

  append(leaf: string): void {
    let [level, root] = [0, leaf];
    while (this.waiting.at(-1)?.level === level) {
      node.write(this.waiting.pop()?.root as string, 1, 'latin1');
      node.write(root, 33, 'latin1');
      root = hash('sha256', node, 'binary');
      level += 1;
    }
    this.waiting.push({ level, root });
  }
}

function hashEntries(object: Buffer, bounds: Uint32Array): void {
  const { codec, block } = readContainer(object);
  const [, first = 0] = bounds;
  const size = bounds.at(-1) as number;
  const entries =
    codec === 'null' ? block : zstdDecompressSync(block, { chunkSize: Math.max(64, size + 1) });
  const tree = new Tree();
  // The prefix of a leaf takes the place of the byte before it; the first entry has none.
  tree.append(
    hash('sha256', Buffer.concat([Buffer.alloc(1), entries.subarray(0, first)]), 'binary'),
  );
  for (let i = 1; i + 1 < bounds.length; i += 1) {
    const start = bounds[i] as number;
    entries[start - 1] = 0;
    tree.append(hash('sha256', entries.subarray(start - 1, bounds[i + 1]), 'binary'));
  }
}

await pMap(
  bucket.listVersions(`${bucket.region.prefix}topic=`),
  async ({ key, versionId }) => {
    const got = await bucket.getVersion(key, versionId, MAX_OBJECT);
    if (got === null) throw new Error(`${key} is gone`);
    const bounds = boundsOf.get(key);
    if (bounds !== undefined) hashEntries(got.bytes, bounds);
  },
  { concurrency: FETCH_CONCURRENCY },
);
bucket.close();
endScript(0);
