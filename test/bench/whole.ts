/**
 * The whole pipeline at work on this machine for two minutes: a producing service, Kafka, the
 * ingestor, two archivers and two S3 servers. What counts is what both regions hold at the end of
 * it; each service's CPU seconds and memory, and bytes stored, beside.
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
/** Events a second that the service records if it can. */
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
    await Promise.race([delay(SECONDS * 1000), ended]);
    if (load.exitCode !== null || load.signalCode !== null) throw new Error('the load has ended');
    const costs = processes.flatMap(([name, pid]) => [
      plainFigure(`whole, ${name}: CPU`, 's', cpuSeconds(pid)),
      plainFigure(`whole, ${name}: memory at most`, 'MiB', peakMemory(pid)),
    ]);
    const counting = archivedEvents(stack);
    load.kill('SIGTERM');
    await ended;
    const archived = await counting;
    return [
      plainFigure(
        `whole, ${RATE}/s offered: in both regions`,
        'events/s',
        archived.events / SECONDS,
      ),
      plainFigure('whole: stored in a region', 'bytes/event', archived.bytes / archived.events),
      ...costs,
    ];
  } finally {
    await stack.stop();
  }
}

type Stored = { readonly events: number; readonly bytes: number };

/** What the region that has less holds now: listed at once, read afterwards. */
async function archivedEvents({ regions }: Stack): Promise<Stored> {
  const buckets = regions.map((region) => new Bucket(region));
  const listed = await Promise.all(buckets.map(list));
  const stored = await Promise.all(
    buckets.map(async (bucket, i): Promise<Stored> => {
      let [events, bytes] = [0, 0];
      for (const { key, versionId, size } of listed[i] as ListedVersion[]) {
        const got = await bucket.getVersion(key, versionId, MAX_OBJECT);
        events += readSealedHeader(got?.bytes as Buffer).header.count;
        bytes += size;
      }
      bucket.close();
      return { events, bytes };
    }),
  );
  return stored.reduce((least, region) => (region.events < least.events ? region : least));
}

async function list(bucket: Bucket): Promise<ListedVersion[]> {
  const versions: ListedVersion[] = [];
  for await (const version of bucket.listVersions(`${bucket.region.prefix}topic=`)) {
    versions.push(version);
  }
  return versions;
}
