/**
 * An archiver whose S3 credentials come from the AWS SDK's own chain (here: the `credential_process`
 * of a profile) and are changed under it: before their end, at it, and without notice.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Region, Server, Stack } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startArchiver } from '../../deploy/local/services.ts';
import { installTools } from '../../deploy/local/tools.ts';
import { expectAllArchived } from '../plain/check.ts';
import { sealedOffsets } from '../plain/topic.ts';
import { type Load, startFaultStack, startLoad } from './load.ts';

/** Of a machine that stands still for a minute, too. */
const PATIENT = { timeout: 150_000, interval: 100 };
vi.setConfig({ testTimeout: 400_000 });

const REGION = 'eu-west-1';

/** Where the process reads what it gives out. */
let given: string;
let stack: Stack;
let load: Load;
let archiver: Server;
let gateway: (...args: string[]) => Promise<unknown>;

beforeAll(async () => {
  stack = await startFaultStack();
  const [, region] = stack.regions as [Region, Region];
  const { versitygw } = await installTools(() => {});
  gateway = (...args) =>
    promisify(execFile)(versitygw, ['admin', ...args], {
      env: {
        ADMIN_ACCESS_KEY_ID: region.accessKeyId,
        ADMIN_SECRET_ACCESS_KEY: region.secretAccessKey,
        ADMIN_REGION: region.name,
        ADMIN_ENDPOINT_URL: region.endpoint,
      },
    });
  await stack.archivers[1]?.stop();
  given = `${stack.directory}/credentials/given.json`;
  mkdirSync(dirname(given));
  load = startLoad(stack, ['web']);
});
afterAll(async () => {
  await load?.stop();
  await archiver?.stop();
  await stack?.stop();
});

/** A new account of the store, which the process gives out from now on. */
async function give(name: string, seconds: number): Promise<void> {
  const secret = `secret of ${name}`;
  await gateway('create-user', '--access', name, '--secret', secret, '--role', 'admin');
  const Expiration = new Date(Date.now() + seconds * 1000).toISOString();
  writeFileSync(
    given,
    JSON.stringify({ Version: 1, AccessKeyId: name, SecretAccessKey: secret, Expiration }),
  );
}

const revoke = (name: string) => gateway('delete-user', '--access', name);

async function expectMore(): Promise<void> {
  const archived = () =>
    sealedOffsets(stack.kafkaBrokers, `authseal-archiver-${REGION}.state`, 'auth-batches');
  const before = await archived();
  await vi.waitFor(async () => expect(await archived()).toBeGreaterThan(before + 5), PATIENT);
}

/** Requests to the store that it refused. */
async function denials(): Promise<number> {
  const metrics = await (await fetch(`${archiver.endpoint}/metrics`)).text();
  const [, count] = /retries_total{code="S3_ACCESS_DENIED",.*} (\d+)/.exec(metrics) ?? [];
  return Number(count);
}

describe('an archiver with credentials of the surroundings', () => {
  it('starts with those that the process gives', async () => {
    await give('first', 30);
    const settings = Object.entries(stack.environment).filter(
      ([name]) => !/EU_WEST_1_(ACCESS_KEY_ID|SECRET_ACCESS_KEY)$/.test(name),
    );
    const folder = dirname(given);
    writeFileSync(`${folder}/config`, `[default]\ncredential_process = cat ${given}\n`);
    vi.stubEnv('AWS_CONFIG_FILE', `${folder}/config`);
    archiver = await startArchiver(folder, Object.fromEntries(settings), REGION);
    vi.unstubAllEnvs();
    await expectMore();
  });

  it('takes the next ones before the end of the old ones, and is never refused', async () => {
    await give('second', 3600);
    await expectMore();
    await revoke('first');
    await expectMore();
    expect(await denials()).toBe(0);
  });

  it('asks for others when they are revoked an hour before their end', async () => {
    await give('third', 3600);
    await revoke('second');
    await vi.waitFor(async () => expect(await denials()).toBeGreaterThan(0), PATIENT);
    await expectMore();
  });

  it('waits while there are none, says why, and goes on when there are', async () => {
    rmSync(given);
    await revoke('third');
    await vi.waitFor(async () => {
      const readyz = await fetch(`${archiver.endpoint}/readyz`);
      expect(readyz.status).toBe(503);
      expect(await readyz.text()).toContain('InvalidAccessKeyId');
    }, PATIENT);
    await give('fourth', 3600);
    await expectMore();
  });

  it('has archived everything once', async () => {
    await load.stop();
    await expectAllArchived(stack, { sent: load.sent, receipts: load.receipts });
  });
});
