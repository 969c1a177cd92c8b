/**
 * The broker is killed and started again under load, and paused (SIGSTOP) for longer than sessions
 * and transactions last. Nobody touches the services: they go on by themselves.
 */
import type { Server, Stack } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectAllArchived } from '../plain/check.ts';
import { sealedOffsets } from '../plain/topic.ts';
import { type Load, startFaultStack, startLoad } from './load.ts';
import { randomOfSuite } from './seed.ts';

const KILLS = 3;
const PATIENT = { timeout: 90_000, interval: 100 };

/** Milliseconds, as the fault stack sets them. */
const SESSION_TIMEOUT = 6_000;
const TRANSACTION_TIMEOUT = 10_000;

const random = randomOfSuite();
let stack: Stack;
let kafka: Server;
let load: Load;
beforeAll(async () => {
  stack = await startFaultStack();
  kafka = stack.servers[0] as Server;
  load = startLoad(stack, ['web', 'api', 'admin']);
});
afterAll(() => stack?.stop());

const sealed = () => sealedOffsets(stack.kafkaBrokers, 'authseal-ingestor.state', 'auth-events');

async function sealMore(offsets: number): Promise<void> {
  const target = (await vi.waitFor(sealed, PATIENT)) + offsets;
  await vi.waitFor(async () => expect(await sealed()).toBeGreaterThan(target), PATIENT);
}

const readiness = async ({ endpoint }: Server) => (await fetch(`${endpoint}/readyz`)).text();

async function allReady(): Promise<void> {
  for (const service of [stack.ingestor, ...stack.archivers]) {
    await vi.waitFor(async () => expect(await readiness(service)).toContain('"ok":true'), PATIENT);
  }
}

describe('all that was acknowledged is archived once, and more goes on,', () => {
  it(`after kill -9 and restart of the broker under load, ${KILLS} times`, async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      await sealMore(1 + random.below(200));
      await kafka.kill('SIGKILL');
      await kafka.restart();
    }
    await sealMore(50);
  });

  it('after a pause of the broker that was longer than sessions and transactions last', async () => {
    await allReady();
    await kafka.kill('SIGSTOP');
    for (const service of [stack.ingestor, ...stack.archivers]) {
      await vi.waitFor(async () => {
        const [, silence] = /has not answered for (\d+) ms/.exec(await readiness(service)) ?? [];
        // Who was ready may have heard nothing for the length of a session by then.
        expect(Number(silence)).toBeGreaterThan(SESSION_TIMEOUT + TRANSACTION_TIMEOUT);
      }, PATIENT);
    }
    await kafka.kill('SIGCONT');
    await sealMore(50);
  });

  it('and every service is ready again', async () => {
    await load.stop();
    await expectAllArchived(stack, { sent: load.sent, receipts: load.receipts, mayRepeat: true });
    await allReady();
  });
});
