/** The ingestor's commands and refusals, on the real stack. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type Stack, startStack } from '@authseal/deploy/local';
import { type AuditProducer, createAuditProducer } from '@authseal/producer-sdk';
import kafkajs, { type Admin } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readRegion } from '../plain/archive.ts';
import { run, verify } from '../plain/commands.ts';
import { expectExactlyOnce } from '../plain/exactly-once.ts';
import { plainKafka } from '../plain/topic.ts';

let stack: Stack;
let admin: Admin;
let producer: AuditProducer;

beforeAll(async () => {
  stack = await startStack({
    report: () => {},
    settings: { AUTHSEAL_LINGER: '200ms', AUTHSEAL_SESSION_TIMEOUT: '6s' },
  });
  admin = plainKafka(stack.kafkaBrokers).admin();
  await admin.connect();
  const kafka = { brokers: stack.kafkaBrokers };
  producer = createAuditProducer({ service: 'web', deployment: 'local', kafka });
});
afterAll(async () => {
  await producer?.close();
  await admin?.disconnect();
  await stack?.stop();
});

const record = (n: number) =>
  Promise.all(
    Array.from({ length: n }, () =>
      producer.loginSucceeded({
        actor: { type: 'USER', id: 'alice' },
        login: { method: 'password', mfa: true },
      }),
    ),
  );
const ingestor = (args: string[], settings: Record<string, string> = {}) =>
  run('authseal-ingestor', args, { ...stack.environment, AUTHSEAL_HTTP_PORT: '0', ...settings });
const setRetention = (name: string, value: string) =>
  admin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name,
        configEntries: [
          { name: 'cleanup.policy', value: 'delete' },
          { name: 'message.timestamp.type', value: 'LogAppendTime' },
          { name: 'retention.bytes', value: '-1' },
          { name: 'unclean.leader.election.enable', value: 'false' },
          { name: 'compression.type', value: 'uncompressed' },
          { name: 'max.message.bytes', value: '1048576' },
          { name: 'retention.ms', value },
        ],
      },
    ],
  });

describe('authseal-ingestor', () => {
  it('names every setting that is missing at once, and ends with 2', async () => {
    const { code, stderr } = await run('authseal-ingestor', [], {});
    expect(code).toBe(2);
    for (const name of ['DEPLOYMENT', 'KAFKA_BROKERS', 'KEYS', 'SIGNING_KEY', 'RETENTION']) {
      expect(stderr).toContain(`AUTHSEAL_${name}`);
    }
  });

  it('refuses a signing key that nobody could verify', async () => {
    const file = `${stack.directory}/other-key.pem`;
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(file, privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const { code, stderr } = await ingestor([], { AUTHSEAL_SIGNING_KEY: file });
    expect(code).toBe(1);
    expect(stderr).toContain('KEY_UNFIT');
  });

  it('refuses to begin where there are no topics', async () => {
    const { code, stderr } = await ingestor([], { AUTHSEAL_EVENTS_TOPIC: 'not-there' });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /TOPIC_UNFIT.*\n.*not-there does not exist: run `authseal-ingestor init`/,
    );
  });

  it('refuses a topic whose settings break a promise, with the command that mends it', async () => {
    await setRetention('auth-events', '86400000');
    const { code, stderr } = await ingestor([]);
    await setRetention('auth-events', '604800000');
    expect(code).toBe(1);
    expect(stderr).toContain('auth-events has retention.ms=86400000');
    expect(stderr).toContain('--entity-name auth-events --add-config retention.ms=604800000');
  });

  it('names the setting to look at where no broker answers', async () => {
    const { code, stderr } = await ingestor(['init'], { AUTHSEAL_KAFKA_BROKERS: '127.0.0.1:1' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/KAFKA_UNREACHABLE: .*127\.0\.0\.1:1.*AUTHSEAL_KAFKA_BROKERS/);
  });

  it('is not ready while a setting is changed under it, and says which and what mends it', async () => {
    const ask = async (path: string) => (await fetch(`${stack.ingestor.endpoint}/${path}`)).text();
    await setRetention('auth-events', '86400000');
    await vi.waitFor(
      async () => expect(await ask('readyz')).toContain('auth-events has retention.ms=86400000'),
      { timeout: 90_000, interval: 500 },
    );
    expect(await ask('metrics')).toContain('authseal_ingestor_topic_faults{deployment="local"} 1');
    await setRetention('auth-events', '604800000');
  });

  it('goes on from the batches topic when its state is gone', async () => {
    await record(100);
    const before = await expectExactlyOnce(stack.kafkaBrokers, 'auth-events', stack.regions);
    await stack.ingestor.stop();
    await admin.deleteGroups(['authseal-ingestor.state']);
    await record(100);
    await stack.ingestor.restart();
    const after = await expectExactlyOnce(stack.kafkaBrokers, 'auth-events', stack.regions);
    expect(after.records).toBe(before.records + 100);
  });

  it('goes on from the batches topic when its state was reset by hand', async () => {
    await stack.ingestor.stop();
    const [state] = await admin.fetchOffsets({
      groupId: 'authseal-ingestor.state',
      topics: ['auth-events'],
    });
    await admin.setOffsets({
      groupId: 'authseal-ingestor.state',
      topic: 'auth-events',
      partitions: (state?.partitions ?? []).map(({ partition }) => ({ partition, offset: '0' })),
    });
    await record(100);
    await stack.ingestor.restart();
    const { records } = await expectExactlyOnce(stack.kafkaBrokers, 'auth-events', stack.regions);
    expect(records).toBe(300);
    const { code, report } = await verify(stack.environment);
    expect(report.problems).toEqual([]);
    expect(code).toBe(0);
  });
});

describe('authseal-ingestor init', () => {
  it('leaves alone what is begun', async () => {
    const { code, stdout } = await ingestor(['init']);
    expect(stdout).toContain('auth-events: 8 logs, 0 begun now');
    expect(code).toBe(0);
  });

  it('refuses another number of partitions than there is, and says how there come to be more', async () => {
    const { code, stderr } = await ingestor(['init', '--partitions', '12']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /TOPIC_UNFIT: auth-events is there and has 8 partitions, not 12.*kafka-topics\.sh --alter --topic auth-events --partitions 12/,
    );
    const { stderr: fewer } = await ingestor(['init', '--partitions', '4']);
    expect(fewer).toContain('cannot be taken away');
    expect((await ingestor(['init', '--partitions', '8'])).code).toBe(0);
  });

  it('begins the logs of partitions that were added', async () => {
    await admin.createPartitions({ topicPartitions: [{ topic: 'auth-events', count: 9 }] });
    const { code, stdout, stderr } = await ingestor(['init']);
    expect(stderr + stdout).toContain('auth-events: 9 logs, 1 begun now');
    expect(code).toBe(0);
  });
});

describe('authseal-ingestor close', () => {
  it('refuses while an ingestor runs', async () => {
    const { code, stderr } = await ingestor(['close']);
    expect(code).toBe(1);
    expect(stderr).toContain('GROUP_ACTIVE');
  });

  it('seals all there is, then the last batch of each log', async () => {
    await stack.ingestor.stop();
    await record(50);
    const { code, stdout, stderr } = await ingestor(['close']);
    expect(stderr + stdout).toContain('all logs are closed');
    expect(code).toBe(0);
    const { records } = await expectExactlyOnce(stack.kafkaBrokers, 'auth-events', stack.regions);
    expect(records).toBe(350);
    for (const region of stack.regions) {
      await vi.waitFor(
        async () => {
          const closed = (await readRegion(region)).filter(
            ({ header }) => header.heartbeat === null,
          );
          expect(closed.length).toBe(9);
        },
        { timeout: 90_000, interval: 500 },
      );
    }
  });

  it('is seen by init, which says that nothing more is sealed', async () => {
    const { code, stdout } = await ingestor(['init']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/9 logs, 0 begun now\nClosed for good.*partition 0, 1, 2, 3/);
  });

  it('leaves an archive that stays intact in silence', async () => {
    const inAYear = new Date(Date.now() + 365 * 86_400_000).toISOString();
    const { report } = await verify(stack.environment, '--at', inAYear);
    expect(report.problems.filter(({ code }) => code === 'STALE')).toEqual([]);
  });

  it('is done again without effect, and nothing is sealed afterwards', async () => {
    const { code } = await ingestor(['close']);
    expect(code).toBe(0);
    const { code: verified, report } = await verify(stack.environment);
    expect(report.problems).toEqual([]);
    expect(verified).toBe(0);
  });
});
