/**
 * `npm run bench`: the real pipeline on the real local stack, each figure beside its reference in
 * the same run, because absolute figures mean nothing on a shared machine.
 *
 *     npm run bench -- [--events 300000]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startStack } from '@authseal/deploy/local';
import { createAuditProducer } from '@authseal/producer-sdk';
import { ROOT, run, runAny } from '../plain/commands.ts';
import { sealedOffsets, topicEnd } from '../plain/topic.ts';

type Figure = {
  name: string;
  ours: number;
  reference: number | null;
  ratio: number | null;
  unit: string;
};

const { values } = parseArgs({ options: { events: { type: 'string', default: '300000' } } });
const EVENTS = Number(values.events);
const EVENTS_AT_ONCE = 5000;

const stack = await startStack({ settings: { AUTHSEAL_LINGER: '1s' } });
try {
  const [ingestor, archivers] = [stack.ingestor, stack.archivers];
  await Promise.all([ingestor, ...archivers].map((service) => service.stop()));
  const begun = await topicEnd(stack.kafkaBrokers, 'auth-batches');
  await produce();
  const figures: Figure[] = [];

  const counting = await seconds(async () => {
    const args = [`${ROOT}/test/bench/count.ts`, stack.kafkaBrokers.join(','), 'auth-events'];
    const { code, stderr } = await runAny(process.execPath, [...args, `${EVENTS}`]);
    if (code !== 0) throw new Error(stderr);
  });
  const sealing = await seconds(async () => {
    await ingestor.restart();
    await until(async () => (await sealed()) >= EVENTS);
  });
  figures.push(figure('ingest, beside a consumer that only counts', EVENTS, sealing, counting));
  await ingestor.stop();

  const archiving = await seconds(async () => {
    await Promise.all(archivers.map((archiver) => archiver.restart()));
    await until(async () => (await Promise.all(stack.regions.map(archived))).every((done) => done));
  });
  figures.push(figure('archive, two regions', EVENTS, archiving, null));

  const verifying = await seconds(async () => {
    const { code, stdout } = await run('authseal', ['verify', '--json'], stack.environment);
    if (code !== 0) throw new Error(stdout);
  });
  figures.push(figure('verify, two regions', EVENTS, verifying, null));

  console.table(
    figures.map(({ name, ours, reference, ratio, unit }) => ({
      name,
      ours,
      reference,
      ratio,
      unit,
    })),
  );
  mkdirSync(`${ROOT}/.cache/bench`, { recursive: true });
  writeFileSync(`${ROOT}/.cache/bench/bench.json`, `${JSON.stringify(figures, null, 2)}\n`);
  if (begun === 0) throw new Error('the logs were not begun');
} finally {
  await stack.stop();
}

/** A backlog of real-shaped events, about 245 bytes each, by one producer: in one partition. */
async function produce(): Promise<void> {
  const producer = createAuditProducer({
    service: 'bench',
    deployment: 'local',
    kafka: { brokers: stack.kafkaBrokers },
    maxBufferedBytes: 256 * 1024 * 1024,
  });
  for (let sent = 0; sent < EVENTS; sent += EVENTS_AT_ONCE) {
    const records = Array.from({ length: Math.min(EVENTS_AT_ONCE, EVENTS - sent) }, (_, i) =>
      producer.loginFailed({
        actor: { type: 'USER', id: `user-${(sent + i) % 1000}@example.com`, name: 'Some Body' },
        target: { type: 'host', id: 'app-17.internal.example.com', name: null },
        reason: 'password failed',
        source: {
          ip: `10.0.${i % 256}.${(i * 7) % 256}`,
          port: 40_000 + (i % 20_000),
          userAgent: 'curl/8.5.0',
        },
        session: `s-${sent + i}`,
        login: { method: 'password', mfa: null },
        attributes: { region: 'eu-central-1', cluster: 'blue' },
      }),
    );
    await Promise.all(records);
  }
  await producer.close();
}

const sealed = () => sealedOffsets(stack.kafkaBrokers, 'authseal-ingestor.state', 'auth-events');

async function archived({ name }: { name: string }): Promise<boolean> {
  const group = `authseal-archiver-${name}.state`;
  // Each committed batch is followed by its marker: the last state lies one below the end.
  const [done, end] = await Promise.all([
    sealedOffsets(stack.kafkaBrokers, group, 'auth-batches'),
    topicEnd(stack.kafkaBrokers, 'auth-batches'),
  ]);
  return done >= end - PARTITIONS;
}

const PARTITIONS = 8;

async function seconds(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50));
}

function figure(name: string, events: number, took: number, reference: number | null): Figure {
  const round = (n: number) => Math.round(n);
  return {
    name,
    ours: round(events / took),
    reference: reference === null ? null : round(events / reference),
    ratio: reference === null ? null : Number((reference / took).toFixed(3)),
    unit: 'events/s',
  };
}
