/**
 * Sealed batches into one region and into two, beside the same check of each batch, PutObject and
 * HEAD without Kafka. A process a region, ours and the reference's; timed from when they have begun
 * their work to the last commit. A plain reader has found every offset in the sealed batches once, and
 * then each of them in the bucket, byte for byte, once.
 */
import { hash } from 'node:crypto';
import { statSync } from 'node:fs';
import { type Server, type Stack, toEnvironment } from '@authseal/deploy/local';
import { MAX_OBJECT } from '@authseal/ledger';
import { Bucket } from '@authseal/runtime';
import { startArchiver } from '../../deploy/local/services.ts';
import { readTopic } from '../plain/topic.ts';
import { checkEachOnce } from './each-once.ts';
import { byTurns, type Figure, medianFigure } from './figure.ts';
import { writeFramed } from './framed-file.ts';
import { cpuSeconds } from './process.ts';
import { loggedAt, untilArchived } from './progress.ts';
import { runScript, type Spent } from './script.ts';

const BATCHES = 'auth-batches';

/** Not counted: brokers run for weeks, and this one would still be compiling itself. */
const WARM_UP = 'warm-up';

/** Some of the stack's regions. */
type Regions = { readonly stack: Stack; readonly names: readonly string[] };

/** Objects of so many bytes together, in a file for the reference. */
type Sealed = {
  readonly file: string;
  readonly objects: number;
  readonly megabytes: number;
  /** SHA-256 of each, hexadecimal, ascending; those before the backlog, too. */
  readonly hashes: readonly string[];
};

/** @param sealBacklog has a backlog of so many `events` sealed, of which nothing is archived */
export async function measureArchive(
  stack: Stack,
  { events, rounds }: { readonly events: number; readonly rounds: number },
  sealBacklog: () => Promise<void>,
): Promise<Figure[]> {
  // With one region Kafka and the S3 server have a core that the archiver does not use.
  const both = { stack, names: stack.regions.map(({ name }) => name) };
  const one = { stack, names: both.names.slice(0, 1) };
  // Each round goes on from the first batch of each log, as one that was at work before.
  await archive(both, WARM_UP);
  for (let round = 0; round < rounds; round += 1) {
    await archive(one, oursOf(one, round));
    await archive(both, oursOf(both, round));
  }
  await sealBacklog();
  await checkEachOnce(stack, BATCHES, events);
  const sealed = await readSealed(stack);
  await archive(both, WARM_UP);
  return [
    ...(await compare(one, rounds, sealed, 'archive, one region')),
    ...(await compare(both, rounds, sealed, 'archive, two regions')),
  ];
}

const oursOf = ({ names }: Regions, round: number) => `ours-${names.length}-${round}`;

async function readSealed({ kafkaBrokers, directory }: Stack): Promise<Sealed> {
  const partitions = await readTopic(kafkaBrokers, BATCHES, 'committed');
  const objects = partitions.flatMap((records) => records.slice(1).map(({ value }) => value));
  const file = `${directory}/bench-objects`;
  writeFramed(file, objects as Buffer[]);
  const values = partitions.flatMap((records) => records.map(({ value }) => value as Buffer));
  const hashes = values.map(hashOf).sort();
  return { file, objects: objects.length, megabytes: statSync(file).size / 1e6, hashes };
}

async function compare(
  regions: Regions,
  rounds: number,
  { file, objects, megabytes, hashes }: Sealed,
  name: string,
): Promise<Figure[]> {
  const number = regions.names.length;
  const pairs = await byTurns(
    rounds,
    async (round) => {
      const spent = await archiveOn(regions, oursOf(regions, round));
      await checkBuckets(regions, oursOf(regions, round), hashes);
      return spent;
    },
    (round) => putAlone(regions, `reference-${number}-${round}`, file),
  );
  const rate = (amount: number, of: 'wall' | 'cpu') =>
    pairs.map(({ ours, reference }) => ({
      ours: amount / ours[of],
      reference: amount / reference[of],
    }));
  return [
    medianFigure(name, 'MB/s a region', rate(megabytes, 'wall')),
    medianFigure(name, 'objects/s a region', rate(objects, 'wall')),
    medianFigure(name, 'objects/CPU s', rate(objects * number, 'cpu')),
  ];
}

const hashOf = (object: Buffer): string => hash('sha256', object);

async function checkBuckets({ stack, names }: Regions, round: string, hashes: readonly string[]) {
  for (const region of stack.regions.filter(({ name }) => names.includes(name))) {
    const bucket = new Bucket(region);
    const found: string[] = [];
    for await (const { key, versionId } of bucket.listVersions(`${round}/`)) {
      const got = await bucket.getVersion(key, versionId, MAX_OBJECT);
      found.push(hashOf(got?.bytes as Buffer));
    }
    bucket.close();
    if (found.sort().join() !== hashes.join()) {
      throw new Error(`${region.name}, ${round}: the bucket does not hold each batch once`);
    }
  }
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
async function archive({ stack, names }: Regions, round: string): Promise<Archived> {
  const settings = settingsOf(stack, round);
  const { kafkaBrokers, directory } = stack;
  const archivers = await Promise.all(
    names.map((name) => startArchiver(`${directory}/bench/${round}`, settings, name)),
  );
  const groups = names.map((name) => `${settings.AUTHSEAL_ARCHIVER_GROUP}-${name}`);
  await untilArchived(kafkaBrokers, groups, BATCHES);
  const ended = Date.now();
  const cpu = sum(archivers.map(({ pid }) => cpuSeconds(pid)));
  await Promise.all(archivers.map((archiver) => archiver.stop()));
  return { ended, archivers, cpu };
}

/** Timed from when the first of the archivers has gone on. */
async function archiveOn(regions: Regions, round: string): Promise<Spent> {
  const { ended, archivers, cpu } = await archive(regions, round);
  const began = Math.min(...archivers.map((archiver) => loggedAt(archiver, 'partition opened')));
  return { wall: (ended - began) / 1000, cpu };
}

async function putAlone({ stack, names }: Regions, round: string, file: string): Promise<Spent> {
  const settings = settingsOf(stack, round);
  const spent = await Promise.all(
    names.map((name) => runScript('put-alone.ts', [file], { ...settings, AUTHSEAL_REGION: name })),
  );
  const began = Math.min(...spent.map(({ from }) => from));
  const ended = Math.max(...spent.map(({ to }) => to));
  return { wall: (ended - began) / 1000, cpu: sum(spent.map(({ cpu }) => cpu)) };
}

const sum = (numbers: number[]): number => numbers.reduce((total, n) => total + n, 0);
