/**
 * The reference of archiving: each batch is checked, put under a lock and looked at, without Kafka.
 * The region's name and settings come from the environment, as for the archiver.
 *
 *     node put-alone.ts <file of objects, each behind its length>
 */
import { readFileSync } from 'node:fs';
import { objectKey, parseKeys, readSealedHeader } from '@authseal/ledger';
import { Bucket } from '@authseal/runtime';
import pMap from 'p-map';
import { readConfig, regionOf } from '../../archiver/src/config.ts';
import { MAX_PUTS } from '../../archiver/src/limits.ts';
import { readOurBatch } from '../../archiver/src/our-batch.ts';
import { readFramed } from './framed-file.ts';
import { endScript } from './script.ts';

const [file] = process.argv.slice(2) as [string];
const config = readConfig([]);
const region = regionOf(config);
const bucket = new Bucket(region);
const keys = parseKeys(readFileSync(config.keys, 'utf8'));
const objects = readFramed(file);

/** As many as the archiver has under way over the eight partitions. */
const AT_ONCE = 8 * MAX_PUTS;

const began = performance.now();
await pMap(
  objects,
  async (object) => {
    const { header, sha256 } = readOurBatch(object, readSealedHeader(object).header.origin, keys);
    const key = objectKey(region.prefix, header);
    const retainUntil = new Date(header.retainUntil + 86_400_000);
    const put = await bucket.putLocked({
      key,
      body: object,
      sha256,
      retainUntil,
      ifNoneMatch: true,
    });
    if (put.outcome !== 'written') throw new Error(`${key}: ${put.outcome}`);
    const head = await bucket.headVersion(key, put.versionId);
    if (!head?.checksumSha256?.equals(sha256)) throw new Error(`${key} was not kept`);
  },
  { concurrency: AT_ONCE },
);
bucket.close();
endScript(began);
