import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { completeEvent, micros } from './event-input.ts';
import { confirmation } from './kafka/channel.ts';
import type { AuditProducerOptions } from './options.ts';
import { createAuditProducer } from './producer.ts';
import { sparing } from './sparing-logger.ts';

/** Nothing listens there: what these tests show happens before anything is sent. */
const options: AuditProducerOptions = {
  service: 'billing',
  deployment: 'acme.eu',
  kafka: { brokers: ['127.0.0.1:1'] },
  logger: { warn() {} },
};
const login = { actor: { type: 'USER' as const, id: 'ana' }, login: { method: 'password' } };

const pem = (type: 'ed25519' | 'x25519') =>
  (generateKeyPairSync as (type: string) => { privateKey: import('node:crypto').KeyObject })(
    type,
  ).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

describe('a producer', () => {
  it('is named by its service and its run', () => {
    const ids = [createAuditProducer(options).id, createAuditProducer(options).id];
    for (const id of ids) expect(id).toMatch(/^billing\/[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('is refused with every fault of its options at once', () => {
    const wrong = {
      service: 'Billing!',
      kafka: { brokers: ['localhost'], user: 'x' },
      signingKey: pem('x25519'),
      lingerMs: -1,
      retries: 3,
    } as unknown as AuditProducerOptions;
    let message = '';
    try {
      createAuditProducer(wrong);
    } catch (error) {
      expect(error).toMatchObject({ name: 'ProducerError', code: 'INVALID_OPTIONS' });
      message = (error as Error).message;
    }
    for (const fault of [
      'service',
      'deployment',
      'kafka.brokers.0',
      'user',
      'lingerMs',
      'retries',
    ]) {
      expect(message).toContain(fault);
    }
    expect(message).toContain('signingKey: expected an Ed25519 key, got x25519');
  });

  it('takes an Ed25519 key, and never shows what it took for one', () => {
    createAuditProducer({ ...options, signingKey: pem('ed25519') });
    const secret = 'not-a-key-but-secret';
    expect(() => createAuditProducer({ ...options, signingKey: secret })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret) }),
    );
  });

  it('refuses an invalid event by name of the field, before anything is sent', async () => {
    const producer = createAuditProducer(options);
    const invalid = { actor: login.actor, login: { method: 7 } } as never;
    await expect(producer.loginFailed(invalid)).rejects.toMatchObject({
      code: 'INVALID_EVENT',
      message: expect.stringContaining('login.method'),
    });
    await expect(producer.roleChanged({ actor: login.actor } as never)).rejects.toMatchObject({
      code: 'INVALID_EVENT',
      message: expect.stringContaining('roleChange'),
    });
    await expect(
      producer.record({ ...login, kind: 'LOGIN_FAILED', service: 'other' }),
    ).rejects.toMatchObject({ code: 'INVALID_EVENT', message: expect.stringContaining('service') });
    await producer.close();
  });

  it('refuses an event that is too large, before anything is sent', async () => {
    const producer = createAuditProducer(options);
    for (const bytes of [999_900, 2_000_000]) {
      await expect(
        producer.loginFailed({ ...login, reason: 'x'.repeat(bytes) }),
      ).rejects.toMatchObject({ code: 'EVENT_TOO_LARGE' });
    }
    await producer.close();
  });

  it('takes no events once it is closed', async () => {
    const producer = createAuditProducer(options);
    await producer.close();
    await producer.close();
    await expect(producer.loginFailed(login)).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('says what is not confirmed when Kafka does not answer until the timeout', async () => {
    const producer = createAuditProducer(options);
    const receipt = producer.loginFailed(login).catch((error) => error);
    await expect(producer.close({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'UNCONFIRMED' });
    expect(await receipt).toMatchObject({ code: 'UNCONFIRMED' });
  });
});

describe('a process', () => {
  it('ends by itself after a close that Kafka never answered', async () => {
    const code = `
      import { createAuditProducer } from '@authseal/producer-sdk';
      const producer = createAuditProducer(${JSON.stringify({ ...options, logger: undefined })});
      producer.loginFailed(${JSON.stringify(login)}).catch(() => {});
      await producer.close({ timeoutMs: 50 }).catch((error) => console.log(error.code));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code]);
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect({ status, output }).toEqual({ status: 0, output: 'UNCONFIRMED\n' });
  });
});

describe('an event', () => {
  it('is given an id, the time and the service', () => {
    const before = Date.now();
    const { id, time, service } = completeEvent({ ...login, kind: 'LOGIN_FAILED' }, 'billing');
    expect(id).toMatch(/-7[0-9a-f]{3}-/);
    expect(service).toBe('billing');
    expect(time).toBeGreaterThanOrEqual(before * 1000);
    expect(time).toBeLessThanOrEqual(Date.now() * 1000);
  });

  it('keeps the time and the id that it has', () => {
    const date = new Date('2026-01-02T03:04:05.678Z');
    const given = { ...login, kind: 'LOGIN_FAILED' as const, id: 'mine' };
    expect(completeEvent({ ...given, time: date }, 's')).toMatchObject({
      id: 'mine',
      time: micros(date),
    });
    expect(completeEvent({ ...given, time: 1_767_323_045_678_901 }, 's').time).toBe(
      1_767_323_045_678_901,
    );
  });
});

describe("Kafka's answer", () => {
  const entry = { topicName: 'auth-events', partition: 2, errorCode: 0, baseOffset: '41' };

  it('confirms a flush when it names just its topic, its partition and an offset', () => {
    expect(confirmation([entry], 'auth-events', 2)).toEqual({ partition: 2, firstOffset: 41 });
  });

  it('is no confirmation when anything else stands in it', () => {
    for (const answer of [
      [],
      [entry, entry],
      [{ ...entry, topicName: 'other' }],
      [{ ...entry, partition: 3 }],
      [{ ...entry, errorCode: 7 }],
      [{ ...entry, baseOffset: '-1' }],
      [{ topicName: 'auth-events', partition: 2, errorCode: 0 }],
    ]) {
      expect(() => confirmation(answer, 'auth-events', 2)).toThrow(
        expect.objectContaining({ code: 'NOT_CONFIRMED' }),
      );
    }
  });
});

describe('warnings', () => {
  it('of the same words are given once in ten seconds', () => {
    const given: string[] = [];
    let now = 0;
    const logger = sparing({ warn: (_, message) => given.push(message) }, () => now);
    for (const [at, message] of [
      [0, 'a'],
      [9_999, 'a'],
      [9_999, 'b'],
      [10_000, 'a'],
    ] as const) {
      now = at;
      logger.warn({}, message);
    }
    expect(given).toEqual(['a', 'b', 'a']);
  });
});
