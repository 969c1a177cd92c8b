/**
 * kill -9 of the ingestor and of an archiver at each step of their protocol, by a failpoint: another
 * process goes on where the dead one was.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server, Stack } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAllArchived } from '../plain/check.ts';
import { ROOT } from '../plain/commands.ts';
import { type Load, startFaultStack, startLoad } from './load.ts';
import { randomOfSuite } from './seed.ts';

/** Passings of a step after which the process may die: each comes within seconds under this load. */
const MOST_PASSINGS = 8;

const random = randomOfSuite();
const loads: Load[] = [];
let stack: Stack;
let dying: ChildProcess | undefined;
beforeAll(async () => {
  // Shorter than in other suites, for each death is noticed by nothing else.
  stack = await startFaultStack({ settings: { AUTHSEAL_SESSION_TIMEOUT: '3s' } });
});
afterAll(async () => {
  dying?.kill('SIGKILL');
  await loads.at(-1)?.stop();
  await stack?.stop();
});

/** Under load, in the place of the server: a process that dies at the step. Then the server again. */
async function dieAndGoOn(
  server: Server,
  program: string,
  settings: Record<string, string>,
): Promise<void> {
  await server.stop();
  const load = startLoad(stack, ['web', 'api', 'admin']);
  loads.push(load);
  dying = spawn(process.execPath, [`${ROOT}/${program}`], {
    stdio: 'ignore',
    env: { ...process.env, ...stack.environment, AUTHSEAL_HTTP_PORT: '0', ...settings },
  });
  const [code, signal] = await once(dying, 'exit');
  expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
  await server.restart();
  await load.stop();
  await expectAllArchived(stack, {
    sent: loads.reduce((sum, { sent }) => sum + sent, 0),
    receipts: loads.flatMap(({ receipts }) => receipts),
  });
}

const passing = (step: string) => ({
  AUTHSEAL_TEST_FAILPOINT: `${step}:${1 + random.below(MOST_PASSINGS)}`,
});

describe('all is archived once after kill -9 of the ingestor', () => {
  it.each([
    ['after a poll', 'fetched'],
    ['after InitProducerId', 'fenced'],
    ['between sending a batch and sending its state', 'sent'],
    ['between sending the state and the commit', 'state-sent'],
    ['after the commit', 'committed'],
  ])('%s', (_, step) => dieAndGoOn(stack.ingestor, 'ingestor/src/main.ts', passing(step)));
});

describe('all is archived once after kill -9 of an archiver', () => {
  it.each([
    ['after a poll', 'fetched'],
    ['after InitProducerId', 'fenced'],
    ['between PUT and HEAD', 'put'],
    ['between HEAD and sending the offset', 'shown'],
    ['between sending the offset and its commit', 'state-sent'],
    ['after the commit', 'committed'],
  ])('%s', (_, step) =>
    dieAndGoOn(stack.archivers[0] as Server, 'archiver/src/main.ts', {
      ...passing(step),
      AUTHSEAL_REGION: stack.regions[0]?.name as string,
    }),
  );
});
