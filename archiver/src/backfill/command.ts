/** `authseal-archiver backfill --from-region A`: all logs of the source, one after the other. */
import { setTimeout as delay } from 'node:timers/promises';
import { originOf } from '@authseal/ledger';
import { Bucket, type Logger } from '@authseal/runtime';
import { checkBucket } from '../check-bucket.ts';
import { readKeys, regionOf } from '../config.ts';
import type { ArchiveWatch } from '../store.ts';
import { backfillLog, type Tally } from './backfill-log.ts';
import { type BackfillConfig, sourceOf } from './config.ts';
import { partitionsIn } from './source-log.ts';

/**
 * Tells each log's outcome by `tell`.
 * @returns how many logs a person must look at
 * @throws ArchiverError KEYS_OF_ANOTHER_DEPLOYMENT, BUCKET_UNSUITABLE, NOT_KEPT; RuntimeError when a
 *   region cannot be read: run again, it goes on where it was
 */
export async function backfill(
  config: BackfillConfig,
  tell: (line: string) => void,
  log: Logger,
): Promise<number> {
  const keys = readKeys(config);
  const { deployment, eventsTopic, region, fromRegion, maxRetention, dryRun } = config;
  const [source, store] = [new Bucket(sourceOf(config)), new Bucket(regionOf(config))];
  const target = { store, clock: systemClock, watch: watchTo(log) };
  const { prefix } = store.region;
  let stopped = 0;
  try {
    await checkBucket(store);
    const partitions = await partitionsIn(source, eventsTopic);
    if (partitions.length === 0) tell(`${fromRegion} holds no batch of ${eventsTopic}`);
    for (const partition of partitions) {
      const origin = originOf(deployment, eventsTopic, partition);
      const parts = { origin, keys, source, target, prefix, maxRetention, dryRun };
      const tally = await backfillLog({ ...parts, signal: new AbortController().signal });
      tell(`${origin}: ${textOf(tally, dryRun)}`);
      if (tally.stopped === null) continue;
      stopped += 1;
      tell(`${tally.stopped.code}: ${tally.stopped.message}`);
    }
    if (!dryRun) {
      tell(
        `If an archiver of ${region} has stopped with GAP, restart it: it goes on from what the bucket holds.`,
      );
    }
  } finally {
    source.close();
    store.close();
  }
  return stopped;
}

const systemClock = {
  now: () => Date.now(),
  wait: (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }),
};

function watchTo(log: Logger): ArchiveWatch {
  return {
    put() {},
    retry: (err, ms) => log.warn({ err, ms }, 'S3 failed; the batch is tried again'),
    alert: (err) => log.error({ err }, 'somebody should look; copying goes on'),
  };
}

function textOf({ copied, there, expired, missing, others }: Tally, dryRun: boolean): string {
  const copies = `${copied.length} ${dryRun ? 'would be copied' : 'copied'}${copied.length > 0 ? ` (${rangesOf(copied)})` : ''}`;
  const parts = [copies, `${there} there already`];
  if (expired > 0) parts.push(`${expired} expired`);
  if (missing > 0) parts.push(`${missing} missing in the source, too`);
  if (others > 0) parts.push(`${others} other objects in the source passed over`);
  return parts.join(', ');
}

/** `3, 7 to 9` */
function rangesOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`)).join(', ');
}
