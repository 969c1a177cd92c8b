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
import { loggedAt, untilArchived } from './progress.ts';
import { runScript } from './script.ts';

const BATCHES = 'auth-batches';

/** @param sealBacklog has a backlog sealed, of which nothing is archived */
export async function measureArchive(
  stack: Stack,
  rounds: number,
  sealBacklog: () => Promise<void>,
): Promise<Figure[]> {
  // Each round goes on from the first batch of each log, as one that was at work before.
  for (let round = 0; round < rounds; round += 1) await archive(stack, `ours-${round}`);
  await sealBacklog();
  const objects = (await readTopic(stack.kafkaBrokers, BATCHES, 'committed')).flatMap((records) =>
    records.slice(1).map(({ value }) => value as Buffer),
  );
  const file = `${stack.directory}/bench-objects`;
  writeFramed(file, objects);
  const megabytes = Buffer.concat(objects).length / 1e6;
  const pairs = await byTurns(
    rounds,
    (round) => archiveOn(stack, `ours-${round}`),
    (round) => putAlone(stack, `reference-${round}`, file),
  );
  const rate = (amount: number) =>
    pairs.map(({ ours, reference }) => ({ ours: amount / ours, reference: amount / reference }));
  return [
    medianFigure('archive, two regions', 'MB/s a region', rate(megabytes)),
    medianFigure('archive, two regions', 'objects/s a region', rate(objects.length)),
  ];
}

/** Each round writes the same batches below a prefix of its own. */
function settingsOf({ environment, kafkaBrokers, regions }: Stack, round: string) {
  const below = regions.map((region) => ({ ...region, prefix: `${round}/` }));
  const addresses = toEnvironment({ kafkaBrokers, regions: below });
  return { ...environment, ...addresses, AUTHSEAL_ARCHIVER_GROUP: `archiver-${round}` };
}

/** Archives all that is sealed. Returns when it was done, milliseconds since 1970, and the archivers. */
async function archive(
  stack: Stack,
  round: string,
): Promise<{ ended: number; archivers: Server[] }> {
  const settings = settingsOf(stack, round);
  const { kafkaBrokers, regions, directory } = stack;
  const archivers = await Promise.all(
    regions.map(({ name }) => startArchiver(`${directory}/bench/${round}`, settings, name)),
  );
  const groups = regions.map(({ name }) => `${settings.AUTHSEAL_ARCHIVER_GROUP}-${name}`);
  await untilArchived(kafkaBrokers, groups, BATCHES);
  const ended = Date.now();
  await Promise.all(archivers.map((archiver) => archiver.stop()));
  return { ended, archivers };
}

/** Seconds from when the first of the archivers has gone on to where all is archived. */
async function archiveOn(stack: Stack, round: string): Promise<number> {
  const { ended, archivers } = await archive(stack, round);
  const began = Math.min(...archivers.map((archiver) => loggedAt(archiver, 'partition opened')));
  return (ended - began) / 1000;
}

async function putAlone(stack: Stack, round: string, file: string): Promise<number> {
  const settings = settingsOf(stack, round);
  const spent = await Promise.all(
    stack.regions.map(({ name }) =>
      runScript('put-alone.ts', [file], { ...settings, AUTHSEAL_REGION: name }),
    ),
  );
  return Math.max(...spent.map(({ wall }) => wall));
}
