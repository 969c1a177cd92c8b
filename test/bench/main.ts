/**
 * `npm run bench`: the real pipeline on the real local stack, each figure beside its reference in
 * the same run where it has one, because absolute figures mean nothing on a shared machine.
 *
 *     npm run bench -- [--events 300000]
 *
 * Exit status: 0 measured, 1 something failed, 2 usage.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Stack, startStack } from '@authseal/deploy/local';
import { optionsOrUsage } from '../plain/command-line.ts';
import { ROOT, run, runAny } from '../plain/commands.ts';
import { sealedOffsets, topicEnd } from '../plain/topic.ts';
import { produceBacklog } from './backlog.ts';
import { readOptions, USAGE } from './options.ts';

type Figure = {
  name: string;
  ours: number;
  reference: number | null;
  ratio: number | null;
  unit: 'events/s';
};

/** As `authseal-ingestor init` makes them. */
const PARTITIONS = 8;

const RESULTS = `${ROOT}/.cache/bench`;

const { events } = optionsOrUsage(readOptions, USAGE);
const stack = await startStack({ settings: { AUTHSEAL_LINGER: '1s' } });
try {
  const services = [stack.ingestor, ...stack.archivers];
  await Promise.all(services.map((service) => service.stop()));
  await produceBacklog(stack, events);
  const counting = await seconds(() => countBacklog(stack, events));
  const sealing = await seconds(() => sealBacklog(stack, events));
  const archiving = await seconds(() => archiveBacklog(stack));
  const verifying = await seconds(() => verifyArchive(stack));
  const figures = [
    figure('ingest, beside a consumer that only counts', events, sealing, counting),
    figure('archive, in two regions', events, archiving),
    figure('verify, two regions', events, verifying),
  ];
  console.table(figures);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}/bench.json`, `${JSON.stringify(figures, null, 2)}\n`);
} finally {
  await stack.stop();
}

async function countBacklog({ kafkaBrokers }: Stack, records: number): Promise<void> {
  const args = [`${ROOT}/test/bench/count.ts`, kafkaBrokers.join(','), 'auth-events', `${records}`];
  const { code, stderr } = await runAny(process.execPath, args);
  if (code !== 0) throw new Error(stderr);
}

async function sealBacklog({ ingestor, kafkaBrokers }: Stack, records: number): Promise<void> {
  await ingestor.restart();
  const state = 'authseal-ingestor.state';
  await until(async () => (await sealedOffsets(kafkaBrokers, state, 'auth-events')) >= records);
  await ingestor.stop();
}

async function archiveBacklog({ archivers, regions, kafkaBrokers }: Stack): Promise<void> {
  await Promise.all(archivers.map((archiver) => archiver.restart()));
  // Each partition ends with the marker of its last transaction, which is no batch.
  const batches = (await topicEnd(kafkaBrokers, 'auth-batches')) - PARTITIONS;
  for (const { name } of regions) {
    const state = `authseal-archiver-${name}.state`;
    await until(async () => (await sealedOffsets(kafkaBrokers, state, 'auth-batches')) >= batches);
  }
}

async function verifyArchive({ environment }: Stack): Promise<void> {
  const { code, stdout, stderr } = await run('authseal', ['verify'], environment);
  if (code !== 0) throw new Error(stdout + stderr);
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(50);
}

/** @param took seconds that ours took, and `reference` the other, for as many events */
function figure(name: string, count: number, took: number, reference?: number): Figure {
  return {
    name,
    ours: Math.round(count / took),
    reference: reference === undefined ? null : Math.round(count / reference),
    ratio: reference === undefined ? null : Number((reference / took).toFixed(3)),
    unit: 'events/s',
  };
}
