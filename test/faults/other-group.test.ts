/**
 * An ingestor is started by mistake under another consumer group, beside the one that runs: both are
 * assigned every partition. The log must not fork.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Stack } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectAllArchived } from '../plain/check.ts';
import { ROOT } from '../plain/commands.ts';
import { plainKafka, sealedOffsets } from '../plain/topic.ts';
import { type Load, startFaultStack, startLoad } from './load.ts';

const PATIENT = { timeout: 60_000, interval: 50 };

let stack: Stack;
let other: ChildProcess;
let load: Load;
beforeAll(async () => {
  stack = await startFaultStack();
  load = startLoad(stack, ['web', 'api']);
});
afterAll(async () => {
  await load?.stop();
  other?.kill('SIGKILL');
  await stack?.stop();
});

const sealedBy = (group: string) =>
  sealedOffsets(stack.kafkaBrokers, `${group}.state`, 'auth-events');

async function refusals(): Promise<string[]> {
  const text = await (await fetch(`${stack.ingestor.endpoint}/metrics`)).text();
  const found = text.matchAll(/^authseal_ingestor_refused\{[^}]*code="(\w+)"[^}]*\} 1$/gm);
  return [...new Set([...found].map(([, code]) => code as string))];
}

describe('an ingestor under another group', () => {
  it('takes the partitions over, and one of the two refuses to go on beside the other', async () => {
    await vi.waitFor(async () => {
      expect(await sealedBy('authseal-ingestor')).toBeGreaterThan(0);
    }, PATIENT);
    const settings = { ...stack.environment, AUTHSEAL_INGESTOR_GROUP: 'by-mistake' };
    other = spawn(process.execPath, [`${ROOT}/ingestor/src/main.ts`], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...settings, AUTHSEAL_HTTP_PORT: '0' },
    });
    let log = '';
    other.stdout?.on('data', (chunk) => {
      log += chunk;
    });
    await vi.waitFor(async () => {
      expect(await sealedBy('by-mistake')).toBeGreaterThan(0);
      const byTheOther = log.includes('"code":"STATE_CONTRADICTED"') ? ['STATE_CONTRADICTED'] : [];
      expect(new Set([...(await refusals()), ...byTheOther])).toEqual(
        new Set(['STATE_CONTRADICTED']),
      );
    }, PATIENT);
    other.kill('SIGTERM');
    await once(other, 'exit');
  });

  it('is undone by dropping the state that is behind: the batches topic is the authority', async () => {
    await stack.ingestor.stop();
    const admin = plainKafka(stack.kafkaBrokers).admin();
    await admin.connect();
    await admin.deleteGroups(['authseal-ingestor.state']);
    await admin.disconnect();
    await stack.ingestor.restart();
    await load.stop();
    await expectAllArchived(stack, load);
  });
});
