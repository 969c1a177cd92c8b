/**
 * A backlog through sealing and commit, beside a plain kafkajs consumer that only counts it, with
 * the same fetch settings. Both are timed from the join of their group; ours ends when the state of
 * the last batch is committed, which was open for the linger. CPU time is that of the whole process.
 */
import type { Stack } from '@authseal/deploy/local';
import { startIngestor } from '../../deploy/local/services.ts';
import { run } from '../plain/commands.ts';
import { produceBacklog } from './backlog.ts';
import { checkEachOnce } from './each-once.ts';
import { byTurns, type Figure, medianFigure } from './figure.ts';
import { cpuSeconds } from './process.ts';
import { loggedAt, untilSealed } from './progress.ts';
import { runScript, type Spent } from './script.ts';

/** So many that of 64 partitions, too, each gets its share: chance chooses the partition of a service. */
export const SERVICES_A_PARTITION = 12;

export type IngestOptions = { readonly events: number; readonly rounds: number };

export async function measureIngest(
  stack: Stack,
  options: IngestOptions,
  partitions: number,
): Promise<Figure[]> {
  const { events } = options;
  const pairs = await sealByTurns(stack, options, partitions);
  const rate = (measure: keyof Spent) =>
    pairs.map(({ ours, reference }) => ({
      ours: events / ours[measure],
      reference: events / reference[measure],
    }));
  const where = partitions === 1 ? 'one partition' : `${partitions} partitions`;
  return [
    medianFigure(`ingest, ${where}: wall time`, 'events/s', rate('wall')),
    medianFigure(`ingest, ${where}: CPU time`, 'events/CPU s', rate('cpu')),
  ];
}

/** What a backlog costs the ingestor, and what it costs to count it. */
export async function sealByTurns(
  stack: Stack,
  { events, rounds }: IngestOptions,
  partitions: number,
): Promise<{ ours: Spent; reference: Spent }[]> {
  const topic = `events-${partitions}-${events}`;
  await initialize(settingsOf(stack, topic, 'first'), partitions);
  const services = partitions === 1 ? 1 : partitions * SERVICES_A_PARTITION;
  await produceBacklog(stack.kafkaBrokers, topic, events, services);
  return byTurns<Spent>(
    rounds,
    (round) => seal(stack, topic, `${round}`, events, partitions),
    () => runScript('count.ts', [stack.kafkaBrokers.join(','), topic, `${events}`]),
  );
}

/** Each round seals the same backlog as a log of its own: into another topic, by another group. */
function settingsOf({ environment }: Stack, topic: string, round: string) {
  return {
    ...environment,
    AUTHSEAL_EVENTS_TOPIC: topic,
    AUTHSEAL_BATCHES_TOPIC: `${topic}-batches-${round}`,
    AUTHSEAL_INGESTOR_GROUP: `${topic}-ingestor-${round}`,
    AUTHSEAL_LINGER: '200ms',
  };
}

async function initialize(settings: Record<string, string>, partitions: number): Promise<void> {
  const args = ['init', '--partitions', `${partitions}`];
  const { code, stderr } = await run('authseal-ingestor', args, settings);
  if (code !== 0) throw new Error(stderr);
}

async function seal(
  stack: Stack,
  topic: string,
  round: string,
  events: number,
  partitions: number,
): Promise<Spent> {
  const settings = settingsOf(stack, topic, round);
  await initialize(settings, partitions);
  const folder = `${stack.directory}/bench/${topic}-${round}`;
  const ingestor = await startIngestor(folder, settings);
  await untilSealed(stack.kafkaBrokers, settings.AUTHSEAL_INGESTOR_GROUP, topic, events);
  const wall = (Date.now() - loggedAt(ingestor, 'joined the group')) / 1000;
  const spent = { wall, cpu: cpuSeconds(ingestor.pid) };
  await ingestor.stop();
  await checkEachOnce(stack, settings.AUTHSEAL_BATCHES_TOPIC, events);
  return spent;
}
