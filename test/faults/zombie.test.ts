/**
 * A zombie: the ingestor is stopped (SIGSTOP) past its session, another takes over, the first wakes
 * up with an open batch. After SIGCONT kafkajs joins again without a word; only the join itself
 * tells.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Stack } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectAllArchived } from '../plain/check.ts';
import { ROOT } from '../plain/commands.ts';
import { itIsOkToAnotherReader } from '../plain/other-reader.ts';
import { sealedOffsets } from '../plain/topic.ts';
import { type Load, startFaultStack, startLoad } from './load.ts';

const PATIENT = { timeout: 60_000, interval: 50 };

let stack: Stack;
let second: ChildProcess;
let load: Load;
beforeAll(async () => {
  stack = await startFaultStack();
  load = startLoad(stack, ['web']);
});
afterAll(async () => {
  await load?.stop();
  second?.kill('SIGKILL');
  await stack?.stop();
});

const sealed = () => sealedOffsets(stack.kafkaBrokers, 'authseal-ingestor.state', 'auth-events');

async function sealedMoreThan(offsets: number): Promise<number> {
  return vi.waitFor(async () => {
    const now = await sealed();
    expect(now).toBeGreaterThan(offsets);
    return now;
  }, PATIENT);
}

/** Times that sealing failed and the partition was opened again, as the first ingestor counts. */
async function failures(): Promise<number> {
  const text = await (await fetch(`${stack.ingestor.endpoint}/metrics`)).text();
  const counts = text.matchAll(/^authseal_ingestor_failures_total\{[^}]*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

describe('an ingestor that is stopped past its session', () => {
  it('is replaced by another, wakes up, and the log goes on', async () => {
    await sealedMoreThan(0);
    await stack.ingestor.kill('SIGSTOP');
    second = spawn(process.execPath, [`${ROOT}/ingestor/src/main.ts`], {
      stdio: 'ignore',
      env: { ...process.env, ...stack.environment, AUTHSEAL_HTTP_PORT: '0' },
    });
    const before = await sealed();
    const after = await sealedMoreThan(before + 20);
    await stack.ingestor.kill('SIGCONT');
    await vi.waitFor(async () => {
      expect((await fetch(`${stack.ingestor.endpoint}/readyz`)).status).toBe(200);
    }, PATIENT);
    await sealedMoreThan(after + 20);
  });

  it('does not shut the new owner out in a loop', async () => {
    const then = await failures();
    // Each partition may have failed once when it woke, and the log goes on without a further one.
    expect(then).toBeLessThanOrEqual(8);
    await sealedMoreThan((await sealed()) + 20);
    expect(await failures()).toBe(then);
  });

  it('leaves every record in both regions exactly once, in order', async () => {
    second.kill('SIGTERM');
    await once(second, 'exit');
    await load.stop();
    const { records } = await expectAllArchived(stack, load);
    expect(records).toBeGreaterThan(50);
  });

  itIsOkToAnotherReader(() => stack);
});
