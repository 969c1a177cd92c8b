/**
 * The topic of events loses records before they are sealed, or is deleted and created again. What was
 * lost is said in a signed header; a topic that is another one is never sealed into the old log.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Stack } from '@authseal/deploy/local';
import type { Admin } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectAllArchived } from '../plain/check.ts';
import { ROOT, run } from '../plain/commands.ts';
import { type PlainRecord, plainKafka, readTopic, sealedOffsets } from '../plain/topic.ts';
import { type Load, startFaultStack, startLoad } from './load.ts';
import { refusals } from './refusals.ts';
import { sealAllAndStop } from './seal-all.ts';

const PATIENT = { timeout: 60_000, interval: 50 };
const EVENTS = 'auth-events';

let stack: Stack;
let admin: Admin;
const loads: Load[] = [];
const ingestors: ChildProcess[] = [];
beforeAll(async () => {
  // Short: that a topic has become empty shows when a heartbeat is due.
  stack = await startFaultStack({ settings: { AUTHSEAL_HEARTBEAT: '2s' } });
  admin = plainKafka(stack.kafkaBrokers).admin();
  await admin.connect();
});
afterAll(async () => {
  await Promise.all(loads.map((load) => load.stop()));
  for (const ingestor of ingestors) ingestor.kill('SIGKILL');
  await admin?.disconnect();
  await stack?.stop();
});

/** A service records some events. */
async function record(service: string, events: number): Promise<void> {
  const load = startLoad(stack, [service]);
  loads.push(load);
  await vi.waitFor(() => expect(load.receipts.length).toBeGreaterThan(events), PATIENT);
  await load.stop();
}

const sum = (what: (load: Load) => number) => loads.reduce((total, load) => total + what(load), 0);

/** Sealed by this group, over all partitions of the topic. */
const sealed = (topic: string, group: string) =>
  sealedOffsets(stack.kafkaBrokers, `${group}.state`, topic);

/** What was to be sealed in all, once a part of it has left the topic. */
let kept: PlainRecord[][];
/** Partitions of which a part was lost. */
let cut: { partition: number; high: string }[];

const everything = () => ({
  sent: sum((load) => load.sent),
  receipts: loads.flatMap(({ receipts }) => receipts),
  kept,
  incidents: cut.map(() => 'LOST_RANGE'),
});

describe('records that Kafka drops before they are sealed', () => {
  it('are a signed lost range, and all others are sealed once', async () => {
    await record('before', 50);
    await sealAllAndStop(stack);
    const before = await readTopic(stack.kafkaBrokers, EVENTS);
    await record('lost', 20);
    const lost = loads.pop() as Load;
    const ends = await admin.fetchTopicOffsets(EVENTS);
    const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
    await admin.deleteTopicRecords({ topic: EVENTS, partitions });
    cut = ends.filter(({ partition, high }) => Number(high) > nextOf(before[partition]));
    await stack.ingestor.restart();
    await record('after', 50);
    await sealAllAndStop(stack);
    const after = await readTopic(stack.kafkaBrokers, EVENTS);
    kept = before.map((records, partition) => [...records, ...(after[partition] ?? [])]);
    expect(cut.length).toBeGreaterThan(0);
    const archive = await expectAllArchived(stack, everything());
    const ranges = archive.regions[0]?.flatMap(({ header }) => header.lost);
    expect(ranges).toEqual(
      cut.map(({ partition, high }) => ({ from: nextOf(before[partition]), to: Number(high) })),
    );
    expect(lost.receipts.length).toBe(ranges?.reduce((all, { from, to }) => all + to - from, 0));
  });
});

const nextOf = (records: PlainRecord[] | undefined): number => (records?.at(-1)?.offset ?? -1) + 1;

/** An ingestor of topics of its own, of one partition. */
class Other {
  readonly events: string;
  readonly group: string;
  readonly #environment: Record<string, string>;
  #process: ChildProcess | undefined;
  #port = 0;

  constructor(name: string) {
    this.events = `events-${name}`;
    this.group = `ingestor-${name}`;
    this.#environment = {
      ...stack.environment,
      AUTHSEAL_EVENTS_TOPIC: this.events,
      AUTHSEAL_BATCHES_TOPIC: `batches-${name}`,
      AUTHSEAL_INGESTOR_GROUP: this.group,
    };
  }

  async init(): Promise<void> {
    const flags = (await admin.listTopics()).includes(this.events) ? [] : ['--partitions', '1'];
    const { code, stderr } = await run('authseal-ingestor', ['init', ...flags], this.#environment);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  }

  async start(): Promise<void> {
    const env = { ...process.env, ...this.#environment, AUTHSEAL_HTTP_PORT: '0' };
    const ingestor = spawn(process.execPath, [`${ROOT}/ingestor/src/main.ts`], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env,
    });
    ingestors.push(ingestor);
    this.#process = ingestor;
    const { promise, resolve } = Promise.withResolvers<number>();
    createInterface({ input: ingestor.stdout }).on('line', (line) => {
      if (line.includes('"msg":"sealing"')) resolve(JSON.parse(line).port);
    });
    this.#port = await promise;
  }

  async stop(): Promise<void> {
    this.#process?.kill('SIGTERM');
    await once(this.#process as ChildProcess, 'exit');
  }

  /** Puts this many records into the topic. */
  async fill(records: number): Promise<void> {
    const producer = plainKafka(stack.kafkaBrokers).producer();
    await producer.connect();
    const messages = Array.from({ length: records }, () => ({ value: `${Math.random()}` }));
    await producer.send({ topic: this.events, messages });
    await producer.disconnect();
  }

  async deleteAndCreate(): Promise<void> {
    await admin.deleteTopics({ topics: [this.events] });
    await vi.waitFor(
      async () => expect(await admin.listTopics()).not.toContain(this.events),
      PATIENT,
    );
    await this.init();
  }

  async expectSealed(records: number): Promise<void> {
    await vi.waitFor(
      async () => expect(await sealed(this.events, this.group)).toBe(records),
      PATIENT,
    );
  }

  async expectRefused(): Promise<void> {
    await vi.waitFor(
      async () =>
        expect(await refusals(`http://127.0.0.1:${this.#port}`)).toEqual({ SOURCE_RECREATED: 1 }),
      PATIENT,
    );
  }

  /** How many records the sealed batches hold in all. */
  async sealedRecords(): Promise<number> {
    const topic = this.#environment.AUTHSEAL_BATCHES_TOPIC as string;
    const batches = (await readTopic(stack.kafkaBrokers, topic, 'committed')).flat();
    const headers = batches.map(({ value }) => value?.toString('latin1') ?? '');
    return headers.reduce((all, text) => all + Number(/"count":(\d+)/.exec(text)?.[1]), 0);
  }
}

const RECORDS = 20;

describe('a topic that was deleted and created again', () => {
  it.each([
    ['and is empty', 'empty', 0],
    ['and refilled below our offset', 'below', RECORDS - 5],
    ['and refilled past our offset', 'past', RECORDS + 5],
  ])('%s is refused, and nothing of it is sealed', async (_, name, refill) => {
    const other = new Other(name);
    await other.init();
    await other.start();
    await other.fill(RECORDS);
    await other.expectSealed(RECORDS);
    await other.stop();
    await other.deleteAndCreate();
    if (refill > 0) await other.fill(refill);
    await other.start();
    await other.expectRefused();
    await other.stop();
    expect(await other.sealedRecords()).toBe(RECORDS);
  });

  it('while the ingestor runs is refused, too', async () => {
    const other = new Other('running');
    await other.init();
    await other.start();
    await other.fill(RECORDS);
    await other.expectSealed(RECORDS);
    await other.deleteAndCreate();
    await other.fill(RECORDS + 5);
    await other.expectRefused();
    await other.stop();
    expect(await other.sealedRecords()).toBe(RECORDS);
  });

  it('leaves what was sealed in both regions, once', async () => {
    const ends = await admin.fetchTopicOffsets(EVENTS);
    await admin.deleteTopics({ topics: [EVENTS] });
    await vi.waitFor(async () => expect(await admin.listTopics()).not.toContain(EVENTS), PATIENT);
    expect((await run('authseal-ingestor', ['init'], stack.environment)).code).toBe(0);
    const producer = plainKafka(stack.kafkaBrokers).producer();
    await producer.connect();
    // Past all that was there; where nothing but a lost range was sealed, no record is to be known again.
    for (const { partition, high } of ends.filter(
      ({ partition }) => kept[partition]?.length !== 0,
    )) {
      const messages = Array.from({ length: Number(high) + 3 }, () => ({ value: 'x', partition }));
      await producer.send({ topic: EVENTS, messages });
    }
    await producer.disconnect();
    await stack.ingestor.restart();
    const hadAny = ends.filter(({ high }) => Number(high) > 0).length;
    await vi.waitFor(async () => {
      expect(await refusals(stack.ingestor.endpoint)).toEqual({ SOURCE_RECREATED: hadAny });
    }, PATIENT);
    await stack.ingestor.stop();
    await expectAllArchived(stack, everything());
  });
});
