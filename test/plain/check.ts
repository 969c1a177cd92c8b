/**
 * The one check after every fault, independent of the code under test: the topics read by a plain
 * consumer, the buckets by a plain S3 client, and what the producers were told.
 *
 * 1. Every record of the topic stands in every region exactly once, in order (exactly-once.ts).
 * 2. Every acknowledged event stands once, where its receipt says, and in the archive.
 * 3. A flush stands twice only if a producer failed while it was sent, then byte for byte the same.
 * 4. What is committed on the batches topic is what every region holds, and nothing else is.
 * 5. In each log batches follow each other, and their offsets join.
 * 6. `authseal verify` says so, or tells exactly what the scenario did.
 */
import { readFileSync } from 'node:fs';
import type { Stack } from '@authseal/deploy/local';
import type { Receipt } from '@authseal/producer-sdk';
import { expect } from 'vitest';
import { type PlainObject, readObject } from './archive.ts';
import { verify } from './commands.ts';
import { type Archive, expectExactlyOnce } from './exactly-once.ts';
import { type PlainRecord, readTopic } from './topic.ts';

/** Lines of each service's log that are shown when something is not archived. */
const LOG_TAIL_LINES = 40;

export type Scenario = {
  /** Events that were given to producers, confirmed or not. */
  readonly sent: number;
  readonly receipts: readonly Receipt[];
  /** Whether a producer could fail while it sent: then a flush may stand twice. Default: no. */
  readonly mayRepeat?: boolean;
  /** What was to be sealed, where the topic of events does not hold it any more. */
  readonly kept?: PlainRecord[][];
  /** Batches were taken from their topic: what was sealed is what the regions hold. Default: no. */
  readonly batchesDropped?: boolean;
  /** The codes of the incidents that the scenario made, as often as each is told. Default: none. */
  readonly incidents?: readonly string[];
};

export async function expectAllArchived(stack: Stack, scenario: Scenario): Promise<Archive> {
  const { kafkaBrokers, regions, environment } = stack;
  const { AUTHSEAL_EVENTS_TOPIC: events = 'auth-events' } = environment;
  const { AUTHSEAL_BATCHES_TOPIC: batches = 'auth-batches' } = environment;
  const archive = await expectExactlyOnce(kafkaBrokers, events, regions, scenario.kept).catch(
    (error) => {
      tellLogs(stack);
      throw error;
    },
  );
  const sealed = scenario.batchesDropped
    ? inOrder(archive.regions[0] as PlainObject[])
    : await readSealed(await readTopic(kafkaBrokers, batches, 'committed'));
  tell(stack, scenario, archive, sealed);

  expectAcknowledged(scenario, archive);
  const repeats = expectEventsOnce(scenario, archive);
  for (const objects of archive.regions) expectSame(objects, sealed);
  expectJoined(sealed);

  const { code, report } = await verify(environment);
  const told = report.problems.map((problem) => problem.code);
  const { incidents = [] } = scenario;
  const expected = [...incidents, ...Array.from(Array(repeats), () => 'REPEAT')];
  expect(told.sort(), JSON.stringify(report.problems, null, 1)).toEqual(expected.sort());
  expect(code).toBe(incidents.length === 0 ? 0 : 1);
  return archive;
}

/** The stack is gone when somebody reads of the failure. */
function tellLogs({ ingestor, archivers }: Stack): void {
  for (const { name, logFile } of [ingestor, ...archivers]) {
    const lines = logFile === null ? [] : readFileSync(logFile, 'utf8').trimEnd().split('\n');
    console.log(`The end of the log of ${name}:\n${lines.slice(-LOG_TAIL_LINES).join('\n')}`);
  }
}

type Sealed = Omit<PlainObject, 'key'>;

function readSealed(partitions: PlainRecord[][]): Promise<Sealed[]> {
  const objects = partitions.flat().map(({ value }) => value ?? Buffer.alloc(0));
  return Promise.all(objects.map(async (bytes) => ({ bytes, ...(await readObject(bytes)) })));
}

const inOrder = (objects: readonly PlainObject[]): PlainObject[] =>
  objects.toSorted((a, b) => a.header.batch - b.header.batch);

function tell({ regions }: Stack, scenario: Scenario, archive: Archive, sealed: Sealed[]): void {
  const entries = (objects: readonly Sealed[]) => objects.flatMap((object) => object.entries);
  const archived = regions.map(
    ({ name }, i) => `${entries(archive.regions[i] as PlainObject[]).length} in ${name}`,
  );
  const { sent, receipts } = scenario;
  console.log(
    `sent ${sent}, acknowledged ${receipts.length}, sealed ${entries(sealed).length}, archived ${archived.join(', ')}`,
  );
}

/** Each receipt is true. */
function expectAcknowledged({ receipts }: Scenario, { topic, regions }: Archive): void {
  const places = topic.map((records) => new Map(records.map((record) => [record.offset, record])));
  const wrong = receipts.filter(({ partition, offset, producer, sequence }) => {
    const record = places[partition]?.get(offset);
    return record?.key?.toString() !== producer || sequenceOf(record) !== sequence;
  });
  expect(wrong, 'acknowledged, and not where the receipt says').toEqual([]);
  for (const objects of regions) {
    const archived = new Set<string>();
    for (const { header, entries } of objects) {
      const partition = String(header.origin).split('/').at(-1);
      for (const { offset, event } of entries) archived.add(`${partition} ${offset} ${event?.id}`);
    }
    const missing = receipts.filter(
      ({ partition, offset, id }) => !archived.has(`${partition} ${offset} ${id}`),
    );
    expect(missing, 'acknowledged, and not archived').toEqual([]);
  }
  expect(new Set(receipts.map(({ id }) => id)).size).toBe(receipts.length);
}

/** How many flushes stand twice; every other event stands once. */
function expectEventsOnce({ sent, receipts, mayRepeat }: Scenario, { topic }: Archive): number {
  const first = new Map<string, PlainRecord>();
  const again: PlainRecord[] = [];
  for (const record of topic.flat()) {
    const event = `${record.key} ${sequenceOf(record)}`;
    const before = first.get(event);
    if (before === undefined) first.set(event, record);
    else {
      expect({ ...record, offset: before.offset }, 'sent twice, not the same').toEqual(before);
      again.push(record);
    }
  }
  if (mayRepeat !== true) expect(again, 'sent twice').toEqual([]);
  expect(first.size, 'events in the topic, of those that were sent').toBeLessThanOrEqual(sent);
  expect(first.size).toBeGreaterThanOrEqual(receipts.length);
  // The last record of a flush carries its link.
  return again.filter(({ headers }) => 'authseal-link' in headers).length;
}

function sequenceOf({ headers }: PlainRecord): number {
  return Number(String(headers['authseal-sequence'] ?? Number.NaN));
}

/** A heartbeat may have been sealed after one of the two was read. */
function expectSame(objects: readonly PlainObject[], sealed: readonly Sealed[]): void {
  const withEntries = (all: readonly Sealed[]) =>
    all
      .filter(({ entries }) => entries.length > 0)
      .map(({ bytes }) => bytes.toString('base64'))
      .sort();
  const [there, due] = [withEntries(objects), withEntries(sealed)];
  expect(there.length).toBe(due.length);
  expect(there.findIndex((bytes, i) => bytes !== due[i])).toBe(-1);
}

function expectJoined(sealed: readonly Sealed[]): void {
  const next = new Map<string, { batch: number; offset: number }>();
  for (const { header } of sealed) {
    const due = next.get(header.origin) ?? { batch: 0, offset: 0 };
    const found = { batch: header.batch, offset: header.offsets.from };
    expect(found, `${header.origin}: what follows the batch before`).toEqual(due);
    next.set(header.origin, { batch: due.batch + 1, offset: header.offsets.to });
  }
}
