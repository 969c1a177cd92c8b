/**
 * `npm run bench`: the real pipeline on the real local stack, each figure beside its reference in
 * the same run where it has one, because absolute figures mean nothing on a shared machine.
 *
 * Exit status: 0 measured, 1 something failed, 2 usage.
 */
import { type Stack, startStack } from '@authseal/deploy/local';
import { optionsOrUsage } from '../plain/command-line.ts';
import { measureArchive } from './archive.ts';
import { produceBacklog } from './backlog.ts';
import { type Figure, tellFigures } from './figure.ts';
import { measureGrowth } from './growth.ts';
import { measureIngest } from './ingest.ts';
import { measureLatency } from './latency.ts';
import { type Measurement, readOptions, USAGE } from './options.ts';
import { untilArchived, untilSealed } from './progress.ts';
import { measureSdk } from './sdk.ts';
import { measureVerify } from './verify.ts';
import { measureWhole } from './whole.ts';

/** So many producers that each of the eight partitions gets its share. */
const SERVICES = 64;

const { events, rounds, only } = optionsOrUsage(readOptions, USAGE);
const turns = { events, rounds };

const MEASURE: Record<Measurement, () => Promise<Figure[]>> = {
  ingest: () =>
    withQuietStack(async (stack) => [
      ...(await measureIngest(stack, turns, 1)),
      ...(await measureIngest(stack, turns, 8)),
    ]),
  archive: () =>
    withQuietStack((stack) =>
      measureArchive(stack, { events: 4 * events, rounds }, () => sealBacklog(stack, 4 * events)),
    ),
  verify: () =>
    withQuietStack(async (stack) => {
      await sealBacklog(stack, events);
      await archiveBacklog(stack);
      return measureVerify(stack, turns);
    }),
  latency: measureLatency,
  whole: measureWhole,
  sdk: () => withQuietStack((stack) => measureSdk(stack, turns)),
  growth: () => withQuietStack((stack) => measureGrowth(stack, turns)),
};

for (const name of only) tellFigures(name, await MEASURE[name]());

/** A stack whose services are stopped: each measurement starts what it needs. */
async function withQuietStack(measure: (stack: Stack) => Promise<Figure[]>): Promise<Figure[]> {
  const stack = await startStack({ report: () => {}, settings: { AUTHSEAL_LINGER: '1s' } });
  try {
    const services = [stack.ingestor, ...stack.archivers];
    await Promise.all(services.map((service) => service.stop()));
    return await measure(stack);
  } finally {
    await stack.stop();
  }
}

async function sealBacklog({ kafkaBrokers, ingestor }: Stack, events: number): Promise<void> {
  await produceBacklog(kafkaBrokers, 'auth-events', events, SERVICES);
  await ingestor.restart();
  await untilSealed(kafkaBrokers, 'authseal-ingestor', 'auth-events', events);
  await ingestor.stop();
}

async function archiveBacklog({ kafkaBrokers, archivers, regions }: Stack): Promise<void> {
  await Promise.all(archivers.map((archiver) => archiver.restart()));
  const groups = regions.map(({ name }) => `authseal-archiver-${name}`);
  await untilArchived(kafkaBrokers, groups, 'auth-batches');
  await Promise.all(archivers.map((archiver) => archiver.stop()));
}
