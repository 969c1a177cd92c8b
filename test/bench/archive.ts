/**
 * Sealed batches into two regions, beside the same check of each batch, PutObject and HEAD without
 * Kafka. A process a region, ours and the reference's; timed from when they have begun their work to
 * the last commit.
 */
import { type Server, type Stack, toEnvironment } from '@authseal/deploy/local';
import { startArchiver } from '../../deploy/local/services.ts';
import { readTopic } from '../plain/topic.ts';
import { byTurns, type Figure, medianFigure } from './figure.ts';
import { writeFramed } from './framed-file.ts';
import { cpuSeconds } from './process.ts';
import { loggedAt, untilArchived } from './progress.ts';
import { runScript, type Spent } from './script.ts';

const BATCHES = 'auth-batches';

/** Not counted: brokers run for weeks, and this one would still be compiling itself. */
const WARM_UP = 'warm-up';

/** @param sealBacklog has a backlog sealed, of which nothing is archived */
export async function measureArchive(
  stack: Stack,
  rounds: number,
  sealBacklog: () => Promise<void>,
): Promise<Figure[]> {
  // Each round goes on from the first batch of each log, as one that was at work before.
  for (const round of [WARM_UP, ...Array(rounds).keys()]) await archive(stack, `ours-${round}`);
  await sealBacklog();
  const objects = (await readTopic(stack.kafkaBrokers, BATCHES, 'committed')).flatMap((records) =>
    records.slice(1).map(({ value }) => value as Buffer),
  );
  const file = `${stack.directory}/bench-objects`;
  writeFramed(file, objects);
  const megabytes = Buffer.concat(objects).length / 1e6;
  await archive(stack, `ours-${WARM_UP}`);
  const pairs = await byTurns(
    rounds,
    (round) => archiveOn(stack, `ours-${round}`),
    (round) => putAlone(stack, `reference-${round}`, file),
  );
  const rate = (amount: number, of: 'wall' | 'cpu') =>
    pairs.map(({ ours, reference }) => ({
      ours: amount / ours[of],
      reference: amount / reference[of],
    }));
  const both = stack.regions.length * objects.length;
  return [
    medianFigure('archive, two regions', 'MB/s a region', rate(megabytes, 'wall')),
    medianFigure('archive, two regions', 'objects/s a region', rate(objects.length, 'wall')),
    medianFigure('archive, the archivers alone', 'objects/CPU s', rate(both, 'cpu')),
  ];
}

/** Each round writes the same batches below a prefix of its own. */
function settingsOf({ environment, kafkaBrokers, regions }: Stack, round: string) {
  const below = regions.map((region) => ({ ...region, prefix: `${round}/` }));
  const addresses = toEnvironment({ kafkaBrokers, regions: below });
  return { ...environment, ...addresses, AUTHSEAL_ARCHIVER_GROUP: `archiver-${round}` };
}

type Archived = {
  /** When all was done, milliseconds since 1970. */
  readonly ended: number;
  readonly archivers: readonly Server[];
  /** CPU seconds of the archivers, their start included. */
  readonly cpu: number;
};

/** Archives all that is sealed. */
async function archive(stack: Stack, round: string): Promise<Archived> {
  const settings = settingsOf(stack, round);
  const { kafkaBrokers, regions, directory } = stack;
  const archivers = await Promise.all(
    regions.map(({ name }) => startArchiver(`${directory}/bench/${round}`, settings, name)),
  );
  const groups = regions.map(({ name }) => `${settings.AUTHSEAL_ARCHIVER_GROUP}-${name}`);
  await untilArchived(kafkaBrokers, groups, BATCHES);
  const ended = Date.now();
  const cpu = sum(archivers.map(({ pid }) => cpuSeconds(pid)));
  await Promise.all(archivers.map((archiver) => archiver.stop()));
  return { ended, archivers, cpu };
}

/** Timed from when the first of the archivers has gone on. */
async function archiveOn(stack: Stack, round: string): Promise<Spent> {
  const { ended, archivers, cpu } = await archive(stack, round);
  const began = Math.min(...archivers.map((archiver) => loggedAt(archiver, 'partition opened')));
  return { wall: (ended - began) / 1000, cpu };
}

async function putAlone(stack: Stack, round: string, file: string): Promise<Spent> {
  const settings = settingsOf(stack, round);
  const spent = await Promise.all(
    stack.regions.map(({ name }) =>
      runScript('put-alone.ts', [file], { ...settings, AUTHSEAL_REGION: name }),
    ),
  );
  return {
    wall: Math.max(...spent.map(({ wall }) => wall)),
    cpu: sum(spent.map(({ cpu }) => cpu)),
  };
}

const sum = (numbers: number[]): number => numbers.reduce((total, n) => total + n, 0);
