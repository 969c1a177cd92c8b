/**
 * What the services rely on in Kafka and in kafkajs 2.2.4, against a real broker: each trap that the
 * architecture names, shown shut.
 */
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { type Servers, startServers } from '@authseal/deploy/local';
import {
  type Fetched,
  KafkaAdmin,
  StableOffset,
  searchLastRecords,
  TransactionalWriter,
} from '@authseal/runtime/kafka';
import type { Producer } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { plainKafka, readTopic } from '../plain/topic.ts';
import { consume as begin, silent as log, readFrom, valuesOf } from './consume.ts';

/** Error codes of the Kafka protocol. */
const COORDINATOR_LOAD_IN_PROGRESS = 14;
const UNKNOWN_MEMBER_ID = 25;

/** Of a machine that stands still for a minute, too. */
const PATIENT = { timeout: 150_000 };
vi.setConfig({ testTimeout: 400_000 });

let servers: Servers;
let connection: { kafkaBrokers: string[]; kafkaSsl: false; kafkaSasl: undefined };
let admin: KafkaAdmin;
let producer: Producer;
let topic: string;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  servers = await startServers({ report: () => {} });
  connection = { kafkaBrokers: servers.kafkaBrokers, kafkaSsl: false, kafkaSasl: undefined };
  admin = await KafkaAdmin.connect(connection, 'test', log);
  producer = plainKafka(servers.kafkaBrokers).producer();
  await producer.connect();
});
afterAll(async () => {
  await producer?.disconnect();
  await admin?.close();
  await servers?.stop();
});
beforeEach(async () => {
  topic = `topic-${randomUUID()}`;
  await admin.createTopic(topic, 2, 1, { 'message.timestamp.type': 'LogAppendTime' });
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function openWriter(transactionalId: string): Promise<TransactionalWriter> {
  const options = { connection, transactionalId, transactionTimeoutMs: 10_000, log };
  const writer = await TransactionalWriter.open(options);
  closing.push(() => writer.close());
  return writer;
}

function consume(readUncommitted = true) {
  const consuming = begin(connection, topic, readUncommitted);
  closing.push(() => consuming.consumer.stop());
  return consuming;
}

const send = (partition: number, ...values: string[]) =>
  producer.send({ topic, messages: values.map((value) => ({ partition, value })) });
const offsetsOf = (fetched: Fetched[], partition: number) =>
  fetched.filter((f) => f.partition === partition).flatMap((f) => f.records.map((r) => r.offset));

describe('a transactional writer', () => {
  it('gets the offset and the append time of its record', async () => {
    const writer = await openWriter('writer');
    await writer.begin();
    const before = Date.now();
    const [result, ...more] = await writer.send(topic, 1, Buffer.from('batch'));
    await writer.commit();
    expect(more).toEqual([]);
    expect(result).toMatchObject({ topic, partition: 1, errorCode: 0, offset: 0 });
    expect(Math.abs((result?.logAppendTime ?? 0) - before)).toBeLessThan(60_000);
  });

  it('gets no result at all for a partition that does not exist', async () => {
    const writer = await openWriter('nowhere');
    await writer.begin();
    expect(await writer.send(topic, 7, Buffer.from('batch'))).toEqual([]);
  });

  it('commits record and state together', async () => {
    // Also waits until the group has a coordinator, which a transaction would not do.
    expect(await admin.readState('both.state', topic, 0)).toBeNull();
    const writer = await openWriter('both');
    await writer.begin();
    await writer.send(topic, 0, Buffer.from('batch'));
    await writer.sendState('both.state', topic, 0, { offset: 42, metadata: '{"v":1}' });
    expect(await admin.readState('both.state', topic, 0)).toBeNull();
    await writer.commit();
    // The broker ends a transaction after it has answered; the next owner's fence waits for that.
    await openWriter('both');
    expect(await admin.readState('both.state', topic, 0)).toEqual({
      offset: 42,
      metadata: '{"v":1}',
    });
  });

  it('commits one state after the other, though the broker still ends the transaction before', async () => {
    await admin.readState('quick.state', topic, 0); // makes the coordinator
    const writer = await openWriter('quick');
    for (let offset = 1; offset <= 20; offset += 1) {
      await writer.begin();
      await writer.sendState('quick.state', topic, 0, { offset, metadata: `${offset}` });
      await writer.commit();
    }
    await openWriter('quick');
    expect(await admin.readState('quick.state', topic, 0)).toEqual({ offset: 20, metadata: '20' });
  });

  it('is shut out by a later one under its id, and nothing of it is seen', async () => {
    const zombie = await openWriter('one-owner');
    await zombie.begin();
    await zombie.send(topic, 0, Buffer.from('of the zombie'));
    await zombie.sendState('owner.state', topic, 0, { offset: 1, metadata: 'zombie' });
    const owner = await openWriter('one-owner');
    await expect(zombie.commit()).rejects.toThrow();
    expect(await admin.readState('owner.state', topic, 0)).toBeNull();
    await owner.begin();
    await owner.send(topic, 0, Buffer.from('of the owner'));
    await owner.commit();
    const { consumer, told } = consume(false);
    await vi.waitUntil(() => told.joins.length > 0, PATIENT);
    consumer.seek(0, 0);
    consumer.resume(0);
    await vi.waitUntil(() => told.fetched.some(({ end }) => end >= 4), PATIENT);
    const values = told.fetched.flatMap(({ records }) => records.map((r) => r.value?.toString()));
    expect(values).toEqual(['of the owner']);
  });
});

describe('an assigned consumer', () => {
  it('reads nothing before its owner says from where', async () => {
    await send(0, 'a', 'b', 'c');
    await send(1, 'd');
    const { consumer, told } = consume();
    await vi.waitUntil(() => told.heartbeats > 1, PATIENT);
    // [] is told where the coordinator was not there at once.
    expect(told.joins.filter((join) => join.length > 0)).toEqual([[0, 1]]);
    expect(told.fetched).toEqual([]);
    consumer.seek(0, 1);
    consumer.resume(0);
    await vi.waitUntil(() => told.fetched.length > 0, PATIENT);
    expect(offsetsOf(told.fetched, 0)).toEqual([1, 2]);
  });

  it('counts the first fetch that is answered as a sign of life, before the first heartbeat', async () => {
    await send(0, 'a');
    const consuming = consume();
    await readFrom(consuming, 0, 0);
    await vi.waitUntil(() => valuesOf(consuming, 0).length > 0, { timeout: 30_000, interval: 1 });
    expect(consuming.told.heartbeats).toBeGreaterThan(0);
  });

  it('goes on at once where its owner pauses for a moment', async () => {
    const consuming = consume();
    await readFrom(consuming, 0, 0);
    const { told, consumer } = consuming;
    told.pauses = () => {
      consumer.pause(0);
      setImmediate(() => consumer.resume(0));
    };
    // On a busy machine it may have to join again, which pauses all: an owner reads on then.
    told.joined = () => {
      const next = told.fetched.findLast(({ partition }) => partition === 0)?.end ?? 0;
      setImmediate(() => {
        consumer.seek(0, next);
        consumer.resume(0);
      });
    };
    for (const value of ['a', 'b', 'c']) {
      await send(0, value);
      await vi.waitUntil(() => valuesOf(consuming, 0).includes(value), PATIENT);
    }
    expect(valuesOf(consuming, 0)).toEqual(['a', 'b', 'c']);
  });

  it('goes on where its owner pauses for long', async () => {
    const consuming = consume();
    await readFrom(consuming, 0, 0);
    const { told, consumer } = consuming;
    told.pauses = () => consumer.pause(0);
    await send(0, 'a');
    await send(1, 'other');
    await readFrom(consuming, 1, 0);
    await vi.waitUntil(() => valuesOf(consuming, 1).length > 0, PATIENT);
    expect(valuesOf(consuming, 0)).toEqual(['a']);
    await send(0, 'b');
    told.pauses = () => {};
    consumer.resume(0);
    await vi.waitUntil(() => valuesOf(consuming, 0).length > 1, PATIENT);
    expect(valuesOf(consuming, 0)).toEqual(['a', 'b']);
  });

  it('keeps the others paused when one is paused again', async () => {
    await send(0, 'a');
    await send(1, 'b');
    const { consumer, told } = consume();
    await vi.waitUntil(() => told.joins.length > 0, PATIENT);
    consumer.seek(0, 0);
    consumer.resume(0);
    await vi.waitUntil(() => told.fetched.length > 0, PATIENT);
    consumer.pause(0);
    const seen = told.heartbeats;
    await vi.waitUntil(() => told.heartbeats > seen + 1, PATIENT);
    expect(told.fetched.map(({ partition }) => partition)).toEqual([0]);
  });

  it('shows records of open and aborted transactions, and a fetch of markers alone', async () => {
    const writer = await openWriter('aborted');
    await writer.begin();
    await writer.send(topic, 0, Buffer.from('never committed'));
    await openWriter('aborted'); // ends the transaction with a marker at offset 1
    const { consumer, told } = consume();
    await vi.waitUntil(() => told.joins.length > 0, PATIENT);
    consumer.seek(0, 0);
    consumer.resume(0);
    await vi.waitUntil(() => told.fetched.some(({ end }) => end === 2), PATIENT);
    expect(offsetsOf(told.fetched, 0)).toEqual([0]);
    told.fetched.length = 0;
    consumer.seek(0, 1);
    await vi.waitUntil(() => told.fetched.length > 0, PATIENT);
    expect(told.fetched[0]).toEqual({
      partition: 0,
      fetchedOffset: 1,
      end: 2,
      highWatermark: 2,
      records: [],
    });
  });

  it('shows the end of a silent log when asked for the record before it', async () => {
    await send(0, 'a', 'b');
    const { consumer, told } = consume();
    await vi.waitUntil(() => told.joins.length > 0, PATIENT);
    consumer.seek(0, 1);
    consumer.resume(0);
    await vi.waitUntil(() => told.fetched.length > 0, PATIENT);
    expect(told.fetched[0]).toMatchObject({ fetchedOffset: 1, end: 2, highWatermark: 2 });
  });

  it('shows by its offset that an offset out of range was jumped', async () => {
    await send(0, 'a', 'b');
    const { consumer, told } = consume();
    await vi.waitUntil(() => told.joins.length > 0, PATIENT);
    consumer.seek(0, 1000);
    consumer.resume(0);
    await vi.waitUntil(() => told.fetched.length > 0, PATIENT);
    expect(told.fetched[0]).toMatchObject({ fetchedOffset: 0, end: 2, highWatermark: 2 });
  });

  it('commits nothing under its group but, when it jumps, that it begins at the start', async () => {
    await send(0, 'a', 'b');
    const { consumer, told, group } = consume();
    await vi.waitUntil(() => told.joins.length > 0, PATIENT);
    consumer.seek(0, 0);
    consumer.resume(0);
    await vi.waitUntil(() => told.fetched.length > 0, PATIENT);
    expect(await admin.readState(group, topic, 0)).toBeNull();
    told.fetched.length = 0;
    consumer.seek(0, 1000);
    await vi.waitUntil(() => told.fetched.length > 0, PATIENT);
    // -2: a state that is no state. That is why states live in a group of their own.
    expect(await admin.readState(group, topic, 0)).toBeNull();
  });

  it('goes on from where it was, whatever a transaction commits under its group', async () => {
    await send(0, 'a', 'b', 'c');
    const { consumer, told, group } = consume();
    await vi.waitUntil(() => told.joins.length > 0, PATIENT);
    const writer = await openWriter('leak');
    await writer.begin();
    await writer.sendState(group, topic, 0, { offset: 3, metadata: 'elsewhere' });
    consumer.seek(0, 1);
    consumer.resume(0);
    await vi.waitUntil(() => told.fetched.length > 0, PATIENT);
    expect(offsetsOf(told.fetched, 0)).toEqual([1, 2]);
  });

  it('gives headers that Object.prototype has too as they were sent', async () => {
    const headers = JSON.parse('{"toString":"a","__proto__":"b","plain":["c","d"]}');
    await producer.send({ topic, messages: [{ partition: 0, value: 'x', headers }] });
    const { consumer, told } = consume();
    await vi.waitUntil(() => told.joins.length > 0, PATIENT);
    consumer.seek(0, 0);
    consumer.resume(0);
    await vi.waitUntil(() => told.fetched.length > 0, PATIENT);
    const found = told.fetched[0]?.records[0]?.headers.map(([name, value]) => [name, `${value}`]);
    expect(found?.sort()).toEqual([
      ['__proto__', 'b'],
      ['plain', 'c'],
      ['plain', 'd'],
      ['toString', 'a'],
    ]);
  });

  it('takes a record of a hundred thousand headers in its stride', async () => {
    const headers = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`h${i}`, 'x']));
    headers.many = Array.from({ length: 50_000 }, () => 'y') as unknown as string;
    await producer.send({ topic, messages: [{ partition: 0, value: 'hostile', headers }] });
    const { consumer, told } = consume();
    await vi.waitUntil(() => told.joins.length > 0, PATIENT);
    consumer.seek(0, 0);
    consumer.resume(0);
    await vi.waitUntil(() => told.fetched.length > 0, PATIENT);
    expect(told.fetched[0]?.records[0]?.headers.length).toBe(100_000);
  });

  it('begins anew, with all partitions paused, when its listener throws', async () => {
    await send(0, 'a');
    const reading = consume();
    reading.told.fault = new Error('a fault of the listener');
    await readFrom(reading, 0, 0);
    await vi.waitUntil(() => reading.told.joins.length > 2, PATIENT);
    reading.told.fault = null;
    // The whole assignment; none; the whole again.
    expect(reading.told.joins.slice(0, 3)).toEqual([[0, 1], [], [0, 1]]);
    const seen = reading.told.heartbeats;
    await vi.waitUntil(() => reading.told.heartbeats > seen + 1, PATIENT);
    expect(reading.told.fetched).toEqual([]);
    await readFrom(reading, 0, 0);
    await vi.waitUntil(() => reading.told.fetched.length > 0, PATIENT);
    expect(valuesOf(reading, 0)).toEqual(['a']);
  });

  it('joins again when the group knew it no more and the coordinator was just being loaded', async () => {
    const { told, group } = consume();
    const joins = () => told.joins.filter((join) => join.length > 0).length;
    await vi.waitUntil(() => joins() > 0, PATIENT);
    const require = createRequire(import.meta.url);
    const broker = require('kafkajs/src/broker').prototype;
    const { createErrorFromCode } = require('kafkajs/src/protocol/error');
    const answers = { heartbeat: UNKNOWN_MEMBER_ID, joinGroup: COORDINATOR_LOAD_IN_PROGRESS };
    const refused: string[] = [];
    for (const [request, code] of Object.entries(answers)) {
      const ask = broker[request];
      const spy = vi.spyOn(broker, request).mockImplementation(async function (
        this: unknown,
        ...args: unknown[]
      ) {
        const [{ groupId }] = args as [{ groupId: string }];
        if (groupId !== group) return ask.apply(this, args);
        spy.mockRestore();
        refused.push(request);
        throw createErrorFromCode(code);
      });
    }
    await vi.waitUntil(() => refused.length === 2, PATIENT);
    const before = joins();
    await vi.waitUntil(() => joins() > before, PATIENT);
    const { heartbeats } = told;
    await vi.waitUntil(() => told.heartbeats > heartbeats, PATIENT);
  });

  it('comes back by itself after the broker was away', async ({ skip }) => {
    await send(0, 'a');
    const { consumer, told } = consume();
    await vi.waitUntil(() => told.joins.length > 0, PATIENT);
    const [kafka] = servers.servers;
    if (kafka === undefined) return skip('the broker is not ours to stop');
    await kafka.kill('SIGKILL');
    await kafka.restart();
    told.joins.length = 0;
    await vi.waitUntil(() => told.joins.some((join) => join.length === 2), PATIENT);
    consumer.seek(0, 0);
    consumer.resume(0);
    await vi.waitUntil(() => offsetsOf(told.fetched, 0).length > 0, PATIENT);
  });
});

describe('the last stable offset', () => {
  it('is where an open transaction begins, or else the end; nobody is asked once it is closed', async () => {
    await send(0, 'before');
    const stable = new StableOffset(connection, topic, 0, log);
    expect(await stable.get()).toBe(1);
    const writer = await openWriter('stable');
    await writer.begin();
    await writer.send(topic, 0, Buffer.from('open'));
    expect(await stable.get()).toBe(1);
    await writer.commit();
    await openWriter('stable'); // waits until the marker stands
    expect(await stable.get()).toBe(3);
    const asked = stable.get();
    await Promise.all([expect(asked).rejects.toThrow('not asked for any more'), stable.close()]);
  });
});

describe('the last records', () => {
  it('are found in growing windows, committed ones only, without a group', async () => {
    const writer = await openWriter('many');
    for (let i = 0; i < 30; i += 1) {
      await writer.begin();
      await writer.send(topic, 0, Buffer.from(`batch ${i}`));
      await writer.commit();
    }
    await writer.begin();
    await writer.send(topic, 0, Buffer.from('open'));
    await openWriter('many');
    const windows: number[] = [];
    const options = { connection, admin, topic, partition: 0, log };
    const first = await searchLastRecords(options, (records, whole) => {
      windows.push(records.length);
      return whole ? records[0]?.value?.toString() : undefined;
    });
    expect(first).toBe('batch 0');
    expect(windows.length).toBeGreaterThan(1);
    expect(windows.at(-1)).toBe(30);
    const kafka = plainKafka(servers.kafkaBrokers).admin();
    await kafka.connect();
    const { groups } = await kafka.listGroups();
    await kafka.disconnect();
    expect(groups.filter(({ groupId }) => groupId.startsWith('authseal-read'))).toEqual([]);
  });

  it('are as many as memory is kept for, and it is said when these do not do', async () => {
    const writer = await openWriter('large');
    await writer.begin();
    for (let i = 0; i < 30; i += 1) await writer.send(topic, 0, Buffer.alloc(1000));
    await writer.commit();
    await openWriter('large'); // waits until the marker stands
    const shown: number[] = [];
    const options = { connection, admin, topic, partition: 0, log, maxBytes: 30_000 };
    const search = searchLastRecords(options, (records, whole) => {
      expect(whole).toBe(false);
      shown.push(records.length);
      return undefined;
    });
    await expect(search).rejects.toThrow(/not among the last 21 records before offset 31/);
    expect(shown).toEqual([15, 21]);
    expect(await searchLastRecords(options, (records) => records.length)).toBe(15);
  });

  it('are those of transactions alone, and nobody else takes memory', async () => {
    await send(0, 'before');
    const writer = await openWriter('owner');
    await writer.begin();
    await writer.send(topic, 0, Buffer.from('the last'));
    await writer.commit();
    await openWriter('owner');
    await send(0, ...Array.from({ length: 100 }, () => 'x'.repeat(1000)));
    const options = { connection, admin, topic, partition: 0, log, maxBytes: 5000 };
    const found = await searchLastRecords(options, (records) => records[0]?.value?.toString());
    expect(found).toBe('the last');
    const whole = await searchLastRecords(options, (records, whole) =>
      whole ? records.length : undefined,
    );
    expect(whole).toBe(1);
  });

  it('are none in an empty partition', async () => {
    const options = { connection, admin, topic, partition: 0, log };
    expect(await searchLastRecords(options, () => 'found')).toBeUndefined();
  });
});

describe('a plain reader of these tests', () => {
  it('sees what was sent, by partition', async () => {
    await send(0, 'a', 'b');
    await send(1, 'c');
    const values = (await readTopic(servers.kafkaBrokers, topic)).map((records) =>
      records.map(({ value }) => `${value}`),
    );
    expect(values).toEqual([['a', 'b'], ['c']]);
  });
});
