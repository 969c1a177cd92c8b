/**
 * The whole pipeline at work on this machine for two minutes: a producing service, Kafka, the
 * ingestor, two archivers and two S3 servers. What counts is what came to both regions in
 * them; each service's CPU seconds and memory, and bytes stored, beside.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type Stack, startStack } from '@authseal/deploy/local';
import { MAX_OBJECT, readSealedHeader } from '@authseal/ledger';
import { Bucket, type ListedVersion } from '@authseal/runtime';
import { ROOT } from '../plain/commands.ts';
import { type Figure, plainFigure } from './figure.ts';
import { cpuSeconds, peakMemory } from './process.ts';

const SECONDS = 120;
/** Before that, everything is compiled and the first batches arrive. */
const WARM_UP_SECONDS = 15;
/** Events a second that the service records if Kafka takes them. */
const RATE = 40_000;

export async function measureWhole(): Promise<Figure[]> {
  const stack = await startStack({ report: () => {}, settings: { AUTHSEAL_LINGER: '1s' } });
  try {
    const args = [`${ROOT}/test/bench/load.ts`, stack.kafkaBrokers.join(','), `${RATE}`];
    const load = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const processes: [string, number][] = [
      ['producer', load.pid as number],
      ['ingestor', stack.ingestor.pid],
      ...stack.archivers.map(({ name, pid }): [string, number] => [name, pid]),
      ...stack.servers.map(({ name, pid }): [string, number] => [name, pid]),
    ];
    const ended = once(load, 'exit');
    const work = (seconds: number) => Promise.race([delay(seconds * 1000), ended]);
    await work(WARM_UP_SECONDS);
    const before = await list(stack);
    const began = performance.now();
    const cpuBefore = processes.map(([, pid]) => cpuSeconds(pid));
    await work(SECONDS);
    if (load.exitCode !== null || load.signalCode !== null) throw new Error('the load has ended');
    const costs = processes.flatMap(([name, pid], i) => [
      plainFigure(`whole, ${name}: CPU`, 's', cpuSeconds(pid) - (cpuBefore[i] as number)),
      plainFigure(`whole, ${name}: memory at most`, 'MiB', peakMemory(pid)),
    ]);
    const after = await list(stack);
    const seconds = (performance.now() - began) / 1000;
    load.kill('SIGTERM');
    await ended;
    const archived = await archivedSince(before, after);
    return [
      plainFigure(
        `whole, ${RATE}/s offered: in both regions`,
        'events/s',
        archived.events / seconds,
      ),
      plainFigure('whole: stored in a region', 'bytes/event', archived.bytes / archived.events),
      ...costs,
    ];
  } finally {
    await stack.stop();
  }
}

type Stored = { readonly events: number; readonly bytes: number };
type Listed = { readonly bucket: Bucket; readonly versions: readonly ListedVersion[] };

/** What each region holds now. */
function list({ regions }: Stack): Promise<Listed[]> {
  return Promise.all(
    regions.map(async (region) => {
      const bucket = new Bucket(region);
      const versions: ListedVersion[] = [];
      for await (const version of bucket.listVersions(`${region.prefix}topic=`)) {
        versions.push(version);
      }
      return { bucket, versions };
    }),
  );
}

/** What came to each region between two lists; of the region to which less came. */
async function archivedSince(before: readonly Listed[], after: readonly Listed[]): Promise<Stored> {
  const stored = await Promise.all(
    after.map(async ({ bucket, versions }, i): Promise<Stored> => {
      const known = new Set(before[i]?.versions.map(({ key }) => key));
      let [events, bytes] = [0, 0];
      for (const { key, versionId, size } of versions) {
        if (known.has(key)) continue;
        const got = await bucket.getVersion(key, versionId, MAX_OBJECT);
        events += readSealedHeader(got?.bytes as Buffer).header.count;
        bytes += size;
      }
      return { events, bytes };
    }),
  );
  for (const { bucket } of [...before, ...after]) bucket.close();
  return stored.reduce((least, region) => (region.events < least.events ? region : least));
}
