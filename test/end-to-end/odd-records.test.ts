/**
 * Whatever stands in the topic is sealed as it came, in order, with its problem where it has one:
 * each line of the classification table, compressed record sets, records of transactions.
 */
import { randomUUID } from 'node:crypto';
import { type Stack, startStack } from '@authseal/deploy/local';
import { readBatch } from '@authseal/ledger';
import { type AuthEvent, encodeEvent } from '@authseal/schemas';
import { CompressionTypes, type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entriesByPartition, type PlainEntry } from '../plain/archive.ts';
import { verify } from '../plain/commands.ts';
import { type Archive, expectExactlyOnce } from '../plain/exactly-once.ts';
import { itIsOkToAnotherReader } from '../plain/other-reader.ts';
import { plainKafka } from '../plain/topic.ts';

const EVENT = encodeEvent({
  id: '01931d5e-7c00-7abc-8def-0123456789ab',
  time: 1_790_000_000_000_000,
  kind: 'LOGIN_SUCCEEDED',
  service: 'web',
  actor: { type: 'USER', id: 'alice' },
  login: { method: 'password', mfa: null },
  attributes: { b: '1', '2': 'two', a: '3' },
} as AuthEvent);

/** The map `attributes` in one block of three, as it stands in the event: JavaScript puts `2` first. */
const MAP = Buffer.from('\x06\x022\x06two\x02b\x021\x02a\x023\x00', 'latin1');
const at = EVENT.indexOf(MAP);

/** The event with its map written otherwise. */
const withMap = (bytes: string): Buffer =>
  Buffer.concat([
    EVENT.subarray(0, at),
    Buffer.from(bytes, 'latin1'),
    EVENT.subarray(at + MAP.length),
  ]);

/** What is sent, and what must be sealed of it. */
const LINES: [name: string, value: Buffer | null, problem: string | null, raw: boolean][] = [
  ['null', null, 'NULL_VALUE', false],
  ['a canonical event', EVENT, null, false],
  ['a map in two blocks', withMap('\x04\x02b\x021\x022\x06two\x02\x02a\x023\x00'), null, true],
  ['a map with its size', withMap('\x05\x1c\x02b\x021\x022\x06two\x02a\x023\x00'), null, true],
  ['a key that stands twice', withMap('\x04\x02b\x021\x02b\x021\x00'), 'MALFORMED', true],
  [
    'a varint longer than needed',
    withMap('\x86\x00\x02b\x021\x022\x06two\x02a\x023\x00'),
    'MALFORMED',
    true,
  ],
  ['bytes left over', Buffer.concat([EVENT, Buffer.of(0)]), 'MALFORMED', true],
  ['an event cut short', EVENT.subarray(0, 40), 'MALFORMED', true],
  [
    'an unknown fingerprint',
    Buffer.concat([Buffer.from('c3010102030405060708', 'hex'), EVENT.subarray(10)]),
    'UNKNOWN_SCHEMA',
    true,
  ],
  [
    'Confluent framing',
    Buffer.concat([Buffer.from('0000000001', 'hex'), EVENT.subarray(10)]),
    'UNKNOWN_SCHEMA',
    true,
  ],
  ['garbage', Buffer.from('{"not":"avro"}'), 'UNKNOWN_SCHEMA', true],
  ['nothing', Buffer.alloc(0), 'UNKNOWN_SCHEMA', true],
];

describe('odd records', () => {
  let stack: Stack;
  let archive: Archive;
  let entries: PlainEntry[];
  let producer: Producer;
  beforeAll(async () => {
    stack = await startStack({ report: () => {} });
    const kafka = plainKafka(stack.kafkaBrokers);
    producer = kafka.producer();
    await producer.connect();
    const send = (values: (Buffer | null)[], compression = CompressionTypes.None) =>
      producer.send({
        topic: 'auth-events',
        compression,
        messages: values.map((value) => ({ partition: 0, key: 'web/1', value })),
      });
    await send(LINES.map(([, value]) => value));
    await send([EVENT, EVENT, EVENT], CompressionTypes.GZIP);
    const transactions = kafka.producer({ transactionalId: randomUUID(), maxInFlightRequests: 1 });
    await transactions.connect();
    const messages = [{ partition: 0, value: EVENT }];
    const aborted = await transactions.transaction();
    await aborted.send({ topic: 'auth-events', messages });
    await aborted.abort();
    const open = await transactions.transaction();
    await open.send({ topic: 'auth-events', messages });
    await send([EVENT]);
    archive = await expectExactlyOnce(stack.kafkaBrokers, 'auth-events', stack.regions);
    await open.commit();
    await transactions.disconnect();
    entries = entriesByPartition(archive.regions[0] ?? []).get(0) ?? [];
  });
  afterAll(async () => {
    await producer?.disconnect();
    await stack?.stop();
  });

  it('is tried with the bytes that are meant', () => {
    expect(at).toBeGreaterThan(0);
  });

  it.each(LINES.map(([name, , problem, raw], i) => ({ name, problem, raw, i })))(
    '$name is sealed with problem $problem',
    ({ problem, raw, i }) => {
      expect(entries[i]?.problem).toBe(problem);
      expect(entries[i]?.raw !== null).toBe(raw);
      expect(entries[i]?.event !== null).toBe(problem === null);
    },
  );

  it('keeps the order of a map that it writes again', () => {
    const canonical = withMap('\x06\x02b\x021\x022\x06two\x02a\x023\x00').subarray(10);
    const [batch] = (archive.regions[0] ?? [])
      .filter(({ key, header }) => key.includes('partition=00000') && header.count > 0)
      .map(({ bytes }) => readBatch(bytes));
    expect(batch?.entryAt(2).event).toEqual(canonical);
    expect(batch?.entryAt(3).event).toEqual(canonical);
  });

  it('seals gzip-compressed record sets record by record', () => {
    const gzipped = entries.slice(LINES.length, LINES.length + 3);
    expect(gzipped.map(({ problem }) => problem)).toEqual([null, null, null]);
  });

  it('seals records of aborted and of open transactions, and what follows them, without waiting', () => {
    expect(entries.length).toBe(LINES.length + 3 + 1 + 1 + 1);
    const [aborted, open, after] = entries.slice(LINES.length + 3);
    // The marker of the abort takes an offset and is no record.
    expect([aborted, open, after].map((entry) => entry?.offset)).toEqual([15, 17, 18]);
  });

  it('goes on afterwards, and verifies', async () => {
    await producer.send({ topic: 'auth-events', messages: [{ partition: 0, value: EVENT }] });
    await expectExactlyOnce(stack.kafkaBrokers, 'auth-events', stack.regions);
    const { code, report } = await verify(stack.environment);
    // Records without a producer's chain are named, and are no problem.
    expect(report.problems.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(code).toBe(0);
  });

  itIsOkToAnotherReader(() => stack, /^ok entries=19 .* problems=9$/m);
});
