/** Ingestors that come and go under load, and partitions that are added. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Stack } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectAllArchived } from '../plain/check.ts';
import { ROOT, run } from '../plain/commands.ts';
import { plainKafka, sealedOffsets } from '../plain/topic.ts';
import { type Load, startFaultStack, startLoad } from './load.ts';

const PATIENT = { timeout: 90_000, interval: 100 };

let stack: Stack;
let load: Load;
/** Beside the one of the stack. */
const others: ChildProcess[] = [];
beforeAll(async () => {
  stack = await startFaultStack();
  load = startLoad(stack, ['web', 'api', 'admin', 'batch']);
});
afterAll(async () => {
  for (const other of others) other.kill('SIGKILL');
  await load?.stop();
  await stack?.stop();
});

async function scaleTo(count: number): Promise<void> {
  while (others.length + 1 < count) {
    const env = { ...process.env, ...stack.environment, AUTHSEAL_HTTP_PORT: '0' };
    others.push(
      spawn(process.execPath, [`${ROOT}/ingestor/src/main.ts`], { stdio: 'ignore', env }),
    );
  }
  while (others.length + 1 > count) {
    const other = others.pop() as ChildProcess;
    other.kill('SIGTERM');
    const [code] = await once(other, 'exit');
    expect(code).toBe(0);
  }
}

/** Partitions that each member of the group owns. */
async function shares(): Promise<number[]> {
  const admin = plainKafka(stack.kafkaBrokers).admin();
  await admin.connect();
  const { groups } = await admin.describeGroups(['authseal-ingestor']);
  await admin.disconnect();
  const [group] = groups;
  if (group?.state !== 'Stable') return [];
  const { AssignerProtocol } = await import('kafkajs').then(({ default: kafkajs }) => kafkajs);
  return group.members.map(({ memberAssignment }) => {
    const decoded = AssignerProtocol.MemberAssignment.decode(memberAssignment);
    return Object.values(decoded?.assignment ?? {}).flat().length;
  });
}

const sealed = () => sealedOffsets(stack.kafkaBrokers, 'authseal-ingestor.state', 'auth-events');

async function sealedMore(): Promise<void> {
  const before = await sealed();
  await vi.waitFor(async () => expect(await sealed()).toBeGreaterThan(before + 20), PATIENT);
}

describe('ingestors', () => {
  it.each([3, 2, 5, 1])(
    'scaled to %i share the partitions, and the logs go on',
    async (count) => {
      await scaleTo(count);
      await vi.waitFor(async () => {
        const owned = await shares();
        expect(owned).toHaveLength(count);
        expect(owned.reduce((sum, share) => sum + share, 0)).toBe(8);
      }, PATIENT);
      await sealedMore();
    },
    120_000,
  );
});

describe('partitions that are added under load', () => {
  const origins = async () => {
    const { stdout } = await run(
      'authseal',
      ['list', '--json', '--region', 'eu-central-1'],
      stack.environment,
    );
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    return new Set(lines.map(({ partition }: { partition: number }) => partition));
  };

  it('are not served before init has begun their logs', async () => {
    const admin = plainKafka(stack.kafkaBrokers).admin();
    await admin.connect();
    for (const topic of ['auth-batches', 'auth-events']) {
      await admin.createPartitions({ topicPartitions: [{ topic, count: 12 }] });
    }
    await admin.disconnect();
    await vi.waitFor(async () => {
      const metrics = await (await fetch(`${stack.ingestor.endpoint}/metrics`)).text();
      expect(metrics).toMatch(
        /authseal_ingestor_refused\{partition="11",code="LOG_NOT_BEGUN",.*\} 1/,
      );
    }, PATIENT);
    await sealedMore();
    expect([...(await origins())].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  }, 120_000);

  it('are served when it has', async () => {
    const { code, stderr } = await run('authseal-ingestor', ['init'], stack.environment);
    expect(code, stderr).toBe(0);
    await vi.waitFor(async () => expect((await origins()).size).toBe(12), PATIENT);
    await sealedMore();
  }, 120_000);

  it('leave every record in both regions exactly once, in order', async () => {
    await load.stop();
    const { sent, receipts } = load;
    await expectAllArchived(stack, { sent, receipts });
  }, 180_000);
});
