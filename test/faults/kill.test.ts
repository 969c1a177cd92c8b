/**
 * kill -9 of the ingestor and of an archiver, ten times each, at random moments of a run that goes
 * on: afterwards every record stands in both regions exactly once, in order.
 */
import type { Server, Stack } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectAllArchived } from '../plain/check.ts';
import { itIsOkToAnotherReader } from '../plain/other-reader.ts';
import { sealedOffsets, topicEnd } from '../plain/topic.ts';
import { type Load, startFaultStack, startLoad } from './load.ts';
import { randomOfSuite } from './seed.ts';

const KILLS = 10;
const random = randomOfSuite();
const TIMEOUT = { timeout: 60_000, interval: 20 };

let stack: Stack;
let load: Load;
beforeAll(async () => {
  stack = await startFaultStack();
  load = startLoad(stack, ['web', 'api', 'admin']);
});
afterAll(async () => {
  await load?.stop();
  await stack?.stop();
});

/** What one service has done so far, out of how much there is: source offsets, or batches' offsets. */
type Progress = { done: () => Promise<number>; all: () => Promise<number> };

/** As `authseal-ingestor init` makes them. */
const PARTITIONS = 8;

const ingested: Progress = {
  done: () => sealedOffsets(stack.kafkaBrokers, 'authseal-ingestor.state', 'auth-events'),
  all: () => topicEnd(stack.kafkaBrokers, 'auth-events'),
};
const archived = (region: string): Progress => ({
  done: () =>
    sealedOffsets(stack.kafkaBrokers, `authseal-archiver-${region}.state`, 'auth-batches'),
  // Each partition ends with the marker of its last transaction, which nobody archives.
  all: async () => (await topicEnd(stack.kafkaBrokers, 'auth-batches')) - PARTITIONS,
});

/**
 * Kills the service once it has gone on by a random number and has not done all there is. Returns
 * whether it was in mid-run: what it had done when it was dead is less than what there was before.
 */
async function killOnce(server: Server, { done, all }: Progress, step: number): Promise<boolean> {
  const target = (await done()) + 1 + random.below(step - 1);
  const allThen = await vi.waitFor(async () => {
    const [ended, there] = [await done(), await all()];
    expect(ended).toBeGreaterThanOrEqual(target);
    expect(there).toBeGreaterThan(ended);
    return there;
  }, TIMEOUT);
  await server.kill('SIGKILL');
  const doneThen = await done();
  expect(doneThen).toBeGreaterThan(0);
  await server.restart();
  return doneThen < allThen;
}

/** Kills that came too late, when all was done, do not count. */
async function killInMidRun(server: Server, progress: Progress, step: number): Promise<void> {
  let landed = 0;
  for (let tries = 0; landed < KILLS; tries += 1) {
    expect(tries).toBeLessThan(5 * KILLS);
    if (await killOnce(server, progress, step)) landed += 1;
  }
}

describe('after kill -9 in mid-run', () => {
  it(`the ingestor goes on, ${KILLS} times; the archiver goes on, ${KILLS} times`, async () => {
    const [region] = stack.regions;
    await Promise.all([
      killInMidRun(stack.ingestor, ingested, 200),
      killInMidRun(stack.archivers[0] as Server, archived(region?.name as string), 10),
    ]);
  }, 600_000);

  it('every event stands in both regions exactly once, and the archive verifies', async () => {
    await load.stop();
    const { records } = await expectAllArchived(stack, load);
    expect(records).toBeGreaterThan(1000);
  });

  itIsOkToAnotherReader(() => stack);
});
