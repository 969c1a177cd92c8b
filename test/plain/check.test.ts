/** The check after every fault finds what it is there to find. */
import type { Stack } from '@authseal/deploy/local';
import { createAuditProducer, type Receipt } from '@authseal/producer-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFaultStack } from '../faults/load.ts';
import { expectAllArchived } from './check.ts';
import { type PlainRecord, plainKafka, readTopic } from './topic.ts';

const EVENTS = 10;

let stack: Stack;
let receipts: Receipt[];
beforeAll(async () => {
  stack = await startFaultStack();
  const kafka = { brokers: stack.kafkaBrokers };
  const producer = createAuditProducer({ service: 'web', deployment: 'local', kafka });
  const events = Array.from(Array(EVENTS), () =>
    producer.loginFailed({
      actor: { type: 'ANONYMOUS', id: 'unknown' },
      login: { method: 'password', mfa: null },
      reason: 'wrong password',
    }),
  );
  receipts = await Promise.all(events);
  await producer.close();
});
afterAll(() => stack?.stop());

async function sendAgain(change: (record: PlainRecord) => object): Promise<void> {
  const records = (await readTopic(stack.kafkaBrokers, 'auth-events')).flat();
  const producer = plainKafka(stack.kafkaBrokers).producer();
  await producer.connect();
  const messages = records.map(({ offset: _, ...record }) => ({
    ...record,
    ...change(record as PlainRecord),
  }));
  await producer.send({ topic: 'auth-events', messages });
  await producer.disconnect();
}

describe('the check after every fault', () => {
  it('is content when all was sent, acknowledged, sealed and archived once', async () => {
    const { records } = await expectAllArchived(stack, { sent: EVENTS, receipts });
    expect(records).toBe(EVENTS);
  });

  it('finds an acknowledged event that is not there, or not where its receipt says', async () => {
    const [first, ...others] = receipts as [Receipt, ...Receipt[]];
    for (const wrong of [{ offset: first.offset + EVENTS }, { id: 'lost' }, { sequence: EVENTS }]) {
      const told = [{ ...first, ...wrong }, ...others];
      await expect(expectAllArchived(stack, { sent: EVENTS, receipts: told })).rejects.toThrow(
        'acknowledged, and not',
      );
    }
  });

  it('finds an event that nobody sent', async () => {
    await expect(expectAllArchived(stack, { sent: EVENTS - 1, receipts })).rejects.toThrow(
      'of those that were sent',
    );
  });

  it('finds a flush that stands twice, and takes it only where a producer failed', async () => {
    await sendAgain(() => ({}));
    const once = { sent: EVENTS, receipts };
    await expect(expectAllArchived(stack, once)).rejects.toThrow('sent twice');
    await expectAllArchived(stack, { ...once, mayRepeat: true });
  });

  it('finds what verify tells, and takes only what the scenario did', async () => {
    await sendAgain(({ headers }) => ({
      headers: {
        ...headers,
        'authseal-sequence': `${1000 + Number(headers['authseal-sequence'])}`,
      },
    }));
    const all = { sent: 1000, receipts, mayRepeat: true };
    await expect(expectAllArchived(stack, all)).rejects.toThrow('SEQUENCE_GAP');
    await expectAllArchived(stack, { ...all, incidents: ['SEQUENCE_GAP'] });
  });
});
