/**
 * A cluster of three brokers, each record on all of them and counted once two have it. One broker
 * lost: work goes on. Two lost: it waits. They return: it goes on by itself, and nothing is lost.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Server, Stack } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectAllArchived } from '../plain/check.ts';
import { sealedOffsets } from '../plain/topic.ts';
import { type Load, startFaultStack, startLoad } from './load.ts';
import { randomOfSuite } from './seed.ts';

const PATIENT = { timeout: 180_000, interval: 500 };

/** Milliseconds; the longer of the timeouts of the fault stack. */
const TRANSACTION_TIMEOUT = 10_000;

const random = randomOfSuite();

describe('a cluster of three brokers', () => {
  let stack: Stack;
  let load: Load;
  let brokers: Server[];
  let lost: Server[] = [];
  beforeAll(async () => {
    stack = await startFaultStack({ brokers: 3 });
    brokers = stack.servers.filter(({ name }) => name.startsWith('kafka'));
    load = startLoad(stack, ['web', 'api', 'admin']);
  });
  afterAll(() => stack?.stop());

  const readiness = async ({ endpoint }: Server) => (await fetch(`${endpoint}/readyz`)).text();

  /** How far the ingestor and each archiver have come: the offsets that they have committed. */
  async function progress(): Promise<number[]> {
    const { kafkaBrokers, regions } = stack;
    return Promise.all([
      sealedOffsets(kafkaBrokers, 'authseal-ingestor.state', 'auth-events'),
      ...regions.map(({ name }) =>
        sealedOffsets(kafkaBrokers, `authseal-archiver-${name}.state`, 'auth-batches'),
      ),
    ]);
  }

  /** Every service has done more, and more events are acknowledged. */
  async function expectMore(): Promise<void> {
    const before = await vi.waitFor(progress, PATIENT);
    const acknowledged = load.receipts.length;
    await vi.waitFor(async () => {
      expect(load.receipts.length).toBeGreaterThan(acknowledged + 100);
      for (const [i, done] of (await progress()).entries()) {
        expect(done).toBeGreaterThan((before[i] as number) + 5);
      }
    }, PATIENT);
  }

  const kill = (lost: readonly Server[]) =>
    Promise.all(lost.map((broker) => broker.kill('SIGKILL')));

  it('works on without one of them, whichever it is', async () => {
    await expectMore();
    for (const broker of brokers) {
      await kill([broker]);
      await expectMore();
      await broker.restart();
      await expectMore();
    }
  }, 600_000);

  it('waits without two of them, longer than sessions and transactions last', async () => {
    const left = random.pick(brokers);
    lost = brokers.filter((broker) => broker !== left);
    await kill(lost);
    const underWay = load.sent - load.receipts.length;
    const acknowledged = load.receipts.length;
    await delay(1.5 * TRANSACTION_TIMEOUT);
    expect(load.receipts.length).toBeLessThanOrEqual(acknowledged + underWay);
    expect(load.sent).toBeGreaterThan(load.receipts.length);
  }, 600_000);

  it('goes on by itself when they return, and has lost nothing', async () => {
    await Promise.all(lost.map((broker) => broker.restart()));
    await expectMore();
    await load.stop();
    await expectAllArchived(stack, { sent: load.sent, receipts: load.receipts, mayRepeat: true });
    for (const service of [stack.ingestor, ...stack.archivers]) {
      await vi.waitFor(
        async () => expect(await readiness(service)).toContain('"ok":true'),
        PATIENT,
      );
    }
  }, 600_000);
});
