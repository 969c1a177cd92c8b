/** A deployment changes its signing key: each log at its next batch, signed by both keys. */
import { generateKeyPairSync } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { type Stack, startStack } from '@authseal/deploy/local';
import { type AuditProducer, createAuditProducer } from '@authseal/producer-sdk';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type PlainObject, readRegion } from '../plain/archive.ts';
import { run, verify } from '../plain/commands.ts';
import { expectExactlyOnce } from '../plain/exactly-once.ts';
import { itIsOkToAnotherReader } from '../plain/other-reader.ts';

const directory = mkdtempSync(`${tmpdir()}/authseal-rotation-`);
const signingKey = `${directory}/keys/signing-key.pem`;
const previousKey = `${directory}/keys/previous-key.pem`;
let stack: Stack;
let producer: AuditProducer;

const newKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

beforeAll(async () => {
  mkdirSync(`${directory}/keys`);
  const first = newKey();
  writeFileSync(signingKey, first);
  writeFileSync(previousKey, first);
  stack = await startStack({
    directory,
    report: () => {},
    settings: {
      AUTHSEAL_PREVIOUS_SIGNING_KEY: previousKey,
      AUTHSEAL_LINGER: '200ms',
      AUTHSEAL_HEARTBEAT: '5s',
    },
  });
  const kafka = { brokers: stack.kafkaBrokers };
  producer = createAuditProducer({ service: 'web', deployment: 'local', kafka });
});
afterAll(async () => {
  await producer?.close();
  await stack?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const record = (id: string) =>
  producer.userTerminated({
    actor: { type: 'USER', id: 'admin' },
    target: { type: 'user', id },
    termination: { reason: 'left', effectiveAt: Date.now() * 1000, sessionsRevoked: 1 },
  });

/** Restarts ingestor and archivers, which read their keys at the start. */
async function restart(): Promise<void> {
  const services = [stack.ingestor, ...stack.archivers];
  await Promise.all(services.map((service) => service.stop()));
  await Promise.all(services.map((service) => service.restart()));
}

const rotations = (objects: PlainObject[]) =>
  objects.filter(({ header }) => header.rotation !== undefined);

describe('a change of the signing key', () => {
  it('happens once in each log, at its next batch, be it a heartbeat', async () => {
    await record('first');
    await expectExactlyOnce(stack.kafkaBrokers, 'auth-events', stack.regions);
    writeFileSync(signingKey, newKey());
    const keys = ['keys', 'public', signingKey, '--name', 'local'];
    const { stdout } = await run('authseal', keys, {});
    appendFileSync(stack.environment.AUTHSEAL_KEYS as string, stdout);
    await restart();
    await record('second');
    await vi.waitFor(
      async () => {
        for (const region of stack.regions) {
          expect(rotations(await readRegion(region)).length).toBe(8);
        }
      },
      { timeout: 60_000, interval: 500 },
    );
  });

  it('verifies, with both keys in the file and no problem', async () => {
    const { code, report } = await verify(stack.environment);
    expect(report.problems).toEqual([]);
    expect(code).toBe(0);
  });

  it('is over when the new key has sealed: the old one is not needed any more', async () => {
    copyFileSync(signingKey, previousKey);
    await restart();
    await record('third');
    const { regions } = await expectExactlyOnce(stack.kafkaBrokers, 'auth-events', stack.regions);
    expect(rotations(regions[0] ?? []).length).toBe(8);
    const { code } = await verify(stack.environment);
    expect(code).toBe(0);
  });

  itIsOkToAnotherReader(() => stack);
});
