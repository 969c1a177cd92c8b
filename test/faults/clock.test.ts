/** Services whose clock is an hour ahead or behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server, Stack } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readObject } from '../plain/archive.ts';
import { expectAllArchived } from '../plain/check.ts';
import { ROOT } from '../plain/commands.ts';
import { readTopic, sealedOffsets } from '../plain/topic.ts';
import { type Load, startFaultStack, startLoad } from './load.ts';

const HOUR = 3_600_000;
const PATIENT = { timeout: 90_000, interval: 100 };

let stack: Stack;
let load: Load;
let skewed: ChildProcess | undefined;
beforeAll(async () => {
  stack = await startFaultStack();
  load = startLoad(stack, ['web']);
});
afterAll(async () => {
  skewed?.kill('SIGKILL');
  await load?.stop();
  await stack?.stop();
});

const sealed = () => sealedOffsets(stack.kafkaBrokers, 'authseal-ingestor.state', 'auth-events');
const archived = (region: string) =>
  sealedOffsets(stack.kafkaBrokers, `authseal-archiver-${region}.state`, 'auth-batches');

async function moreOf(done: () => Promise<number>): Promise<void> {
  const before = await done();
  await vi.waitFor(async () => expect(await done()).toBeGreaterThan(before + 20), PATIENT);
}

/** Partitions with a batch that was sealed in the future. */
async function logsAhead(): Promise<number[]> {
  const ahead = new Set<number>();
  for (const records of await readTopic(stack.kafkaBrokers, 'auth-batches', 'committed')) {
    for (const { partition, value } of records) {
      const { header } = await readObject(value as Buffer);
      if (header.sealedAt > Date.now() + HOUR / 2) ahead.add(partition);
    }
  }
  return [...ahead];
}

/** Runs the service with a skewed clock in the place of the stack's own, until `act` is done. */
async function withSkew(
  own: Server,
  main: string,
  skew: number,
  act: () => Promise<void>,
  settings: Record<string, string> = {},
): Promise<void> {
  await own.stop();
  const env = {
    ...process.env,
    ...stack.environment,
    ...settings,
    AUTHSEAL_HTTP_PORT: '0',
    SKEWED_CLOCK_MS: String(skew),
  };
  const clock = `${import.meta.dirname}/skewed-clock.ts`;
  skewed = spawn(process.execPath, ['--import', clock, `${ROOT}/${main}`], {
    stdio: 'ignore',
    env,
  });
  await act();
  skewed.kill('SIGTERM');
  await once(skewed, 'exit');
  await own.restart();
}

describe('a clock that is', () => {
  it.each([
    ['behind', -HOUR],
    ['ahead', HOUR],
  ])(
    'an hour %s in an archiver stops nothing',
    async (_, skew) => {
      const [, far] = stack.archivers as [Server, Server];
      const settings = { AUTHSEAL_REGION: 'eu-west-1' };
      const act = () => moreOf(() => archived('eu-west-1'));
      await withSkew(far, 'archiver/src/main.ts', skew, act, settings);
    },
    120_000,
  );

  it.each([
    ['behind', -HOUR],
    ['ahead', HOUR],
  ])(
    'an hour %s in the ingestor stops nothing',
    async (_, skew) => {
      await withSkew(stack.ingestor, 'ingestor/src/main.ts', skew, () => moreOf(sealed));
    },
    120_000,
  );

  it('right again lets no log run backwards, and the future is told as such', async () => {
    await moreOf(sealed);
    await load.stop();
    const { sent, receipts } = load;
    // Of each log that is ahead it is told once: nothing of it is judged before its time. The others may
    // have been sealed in silence by the clock that was ahead, or not.
    const incidents = (await logsAhead()).map(() => 'CLOCK');
    expect(incidents.length).toBeGreaterThan(0);
    const { regions } = await expectAllArchived(stack, { sent, receipts, incidents });
    for (const objects of regions) {
      const last = new Map<string, number>();
      for (const { header } of objects) {
        expect(header.sealedAt).toBeGreaterThanOrEqual(last.get(header.origin) ?? 0);
        last.set(header.origin, header.sealedAt);
      }
      expect(Math.max(...last.values())).toBeGreaterThan(Date.now() + HOUR / 2);
    }
  }, 180_000);
});
