/**
 * The reference of verifying: each object of a region is fetched and decompressed, and the
 * leaves of its entries and the nodes above them are hashed. Nothing is compared.
 *
 *     node hash-alone.ts <region>
 */
import { hash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { MAX_OBJECT } from '@authseal/ledger';
import type { Bucket } from '@authseal/runtime';
import { ENTRY_SCHEMA_TEXT, RELEASED_ENTRY_SCHEMAS } from '@authseal/schemas';
import pMap from 'p-map';
import { readContainer } from '../../ledger/src/container.ts';
import { openRegions } from '../../verifier/src/cli/settings.ts';
import { FETCH_CONCURRENCY } from '../../verifier/src/limits.ts';
import { endScript } from './script.ts';

const [bucket] = openRegions({ region: process.argv.slice(2) }) as [Bucket];
const schema = [...RELEASED_ENTRY_SCHEMAS.values()].find(({ text }) => text === ENTRY_SCHEMA_TEXT);
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

/** @returns how many leaves were hashed */
function hashEntries(object: Buffer): number {
  const { codec, block, count } = readContainer(object);
  if (count === 0) return 0;
  const entries = codec === 'null' ? block : zstdDecompressSync(block, { chunkSize: 4 << 20 });
  const room = Buffer.concat([Buffer.alloc(1), entries]);
  const tree = new Tree();
  for (let i = 0, at = 1; i < count; i += 1) {
    const end = schema?.skip(room, at) as number;
    room[at - 1] = 0;
    tree.append(hash('sha256', room.subarray(at - 1, end), 'binary'));
    at = end;
  }
  return count;
}

await pMap(
  bucket.listVersions(`${bucket.region.prefix}topic=`),
  async ({ key, versionId }) => {
    const got = await bucket.getVersion(key, versionId, MAX_OBJECT);
    if (got === null) throw new Error(`${key} is gone`);
    hashEntries(got.bytes);
  },
  { concurrency: FETCH_CONCURRENCY },
);
bucket.close();
endScript(0);
