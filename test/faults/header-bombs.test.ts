/**
 * Records that are small on the wire and large in memory: half a million headers each, of no name and
 * no value. Whoever may write to the events topic can send them.
 */
import { type Stack, startStack } from '@authseal/deploy/local';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startIngestor } from '../../deploy/local/services.ts';
import { peakMemory } from '../bench/process.ts';
import { untilSealed } from '../bench/progress.ts';
import { varint } from '../fuzz/varint.ts';
import { run } from '../plain/commands.ts';
import { produceForged } from '../plain/forged-records.ts';

const PARTITIONS = 8;
const HEADERS = 520_000;
const RECORDS_A_PARTITION = 4;
/** What the ingestor may hold, resident: below the limits of our chart. */
const BOUND_MIB = 512;

const EMPTY = { record: Buffer.alloc(3), header: Buffer.from('0001', 'hex') };
const body = Buffer.concat([
  EMPTY.record,
  varint(-1),
  varint(-1),
  varint(HEADERS),
  Buffer.alloc(HEADERS * EMPTY.header.length, EMPTY.header),
]);
const bomb = Buffer.concat([varint(body.length), body]);

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ report: () => {} });
});
afterAll(() => stack?.stop());

it(`records of half a million headers in all of ${PARTITIONS} partitions are sealed in bounded memory`, async () => {
  const settings = {
    ...stack.environment,
    AUTHSEAL_EVENTS_TOPIC: 'events',
    AUTHSEAL_BATCHES_TOPIC: 'batches',
    AUTHSEAL_INGESTOR_GROUP: 'ingestor',
  };
  const init = await run('authseal-ingestor', ['init', '--partitions', `${PARTITIONS}`], settings);
  expect(init.code, init.stderr).toBe(0);
  const [broker] = stack.kafkaBrokers as [string];
  const count = PARTITIONS * RECORDS_A_PARTITION;
  for (let i = 0; i < count; i += 1) {
    await produceForged(broker, 'events', [bomb], { partition: i % PARTITIONS });
  }
  const ingestor = await startIngestor(`${stack.directory}/second`, settings);
  try {
    await untilSealed(stack.kafkaBrokers, 'ingestor', 'events', count);
    const peak = peakMemory(ingestor.pid);
    console.log(`${count} records of ${HEADERS} headers: ${peak} MiB at most`);
    expect(peak).toBeLessThan(BOUND_MIB);
  } finally {
    await ingestor.stop();
  }
}, 300_000);
