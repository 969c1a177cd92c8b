/**
 * kill -9 of a producing service at each step of its protocol, and at random times: what it was told
 * is acknowledged is there, what it was not told is there once or not at all.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Stack } from '@authseal/deploy/local';
import type { Receipt } from '@authseal/producer-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAllArchived } from '../plain/check.ts';
import { ROOT } from '../plain/commands.ts';
import { startFaultStack } from './load.ts';
import { randomOfSuite } from './seed.ts';
import type { Step } from './service.ts';

const KILLS = 5;
const MOST_PASSINGS = 20;

const random = randomOfSuite();
const receipts: Receipt[] = [];
let sent = 0;
let stack: Stack;
let service: ChildProcess | undefined;
beforeAll(async () => {
  stack = await startFaultStack();
});
afterAll(async () => {
  service?.kill('SIGKILL');
  await stack?.stop();
});

/** Runs the service until it is dead; `told` hears how many receipts it has had in this run. */
async function runService(args: string[], told: (acknowledged: number) => void): Promise<void> {
  const program = `${ROOT}/test/faults/service.ts`;
  service = spawn(process.execPath, [program, 'web', stack.kafkaBrokers.join(), ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(service, 'exit');
  let acknowledged = 0;
  for await (const line of createInterface({ input: service.stdout as NodeJS.ReadableStream })) {
    const [what, receipt] = JSON.parse(line);
    if (what === 'sent') sent += 1;
    else {
      receipts.push(receipt);
      acknowledged += 1;
      told(acknowledged);
    }
  }
  const [code, signal] = await ended;
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
}

describe('all that was acknowledged is archived once after kill -9 of a producing service', () => {
  it.each<[string, Step]>([
    ['before it sends', 'recorded'],
    ['after it sent, before the acknowledgement', 'written'],
    ['when the acknowledgement is there and not yet read', 'answered'],
    ['after the acknowledgement', 'acknowledged'],
  ])('%s', async (_, step) => {
    await runService([step, String(1 + random.below(MOST_PASSINGS))], () => {});
    await expectAllArchived(stack, { sent, receipts });
  });

  it(`at random times, ${KILLS} times`, async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const last = 1 + random.below(100);
      await runService([], (acknowledged) => {
        if (acknowledged === last) service?.kill('SIGKILL');
      });
    }
    await expectAllArchived(stack, { sent, receipts });
  });
});
