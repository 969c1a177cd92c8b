/**
 * Record sets as a real broker holds them: compressed by whatever Kafka knows, of interleaved
 * transactions, and such as nobody can read.
 */
import { randomUUID } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { type Servers, startServers } from '@authseal/deploy/local';
import { KafkaAdmin } from '@authseal/runtime/kafka';
import kafkajs, { type Admin, type Producer, type Transaction } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { produceForged, recordAt } from '../plain/forged-records.ts';
import { plainKafka } from '../plain/topic.ts';
import { consume, readFrom, silent, valuesOf } from './consume.ts';

const { CompressionTypes, CompressionCodecs, ConfigResourceTypes } = kafkajs;
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }: { buffer: Buffer }) => zstdCompressSync(buffer),
  decompress: async () => Promise.reject(new Error('only to write')),
});

let servers: Servers;
let connection: { kafkaBrokers: string[]; kafkaSsl: false; kafkaSasl: undefined };
let admin: KafkaAdmin;
let plainAdmin: Admin;
let producer: Producer;
let topic: string;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  servers = await startServers({ report: () => {} });
  connection = { kafkaBrokers: servers.kafkaBrokers, kafkaSsl: false, kafkaSasl: undefined };
  admin = await KafkaAdmin.connect(connection, 'test', silent);
  const kafka = plainKafka(servers.kafkaBrokers);
  producer = kafka.producer();
  plainAdmin = kafka.admin();
  await Promise.all([producer.connect(), plainAdmin.connect()]);
});
afterAll(async () => {
  await producer?.disconnect();
  await plainAdmin?.disconnect();
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

function begin(readUncommitted = true) {
  const consuming = consume(connection, topic, readUncommitted);
  closing.push(() => consuming.consumer.stop());
  return consuming;
}

const compressWith = (value: string) =>
  plainAdmin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        type: ConfigResourceTypes.TOPIC,
        name: topic,
        configEntries: [{ name: 'compression.type', value }],
      },
    ],
  });

describe('a topic that somebody has the broker compress', () => {
  it.each(['gzip', 'snappy', 'lz4', 'zstd'])('with %s is read as it was written', async (codec) => {
    await compressWith(codec);
    // Repeated, and not to be foreseen; more than a block of any codec.
    const values = Array.from({ length: 300 }, (_, i) => `${i}`.repeat(200) + randomUUID());
    await producer.send({ topic, messages: values.map((value) => ({ partition: 0, value })) });
    const reading = begin();
    await readFrom(reading, 0, 0);
    await vi.waitUntil(() => valuesOf(reading, 0).length >= values.length, { timeout: 30_000 });
    expect(valuesOf(reading, 0)).toEqual(values);
    expect(reading.told.unreadable.size).toBe(0);
  });
});

describe('records as no client writes them, which brokers take', () => {
  let broker: string;
  beforeEach(async () => {
    [broker] = servers.kafkaBrokers as [string];
    // kafkajs waits until the partition has its leader; a forged request does not.
    await send('first');
  });
  const send = (...values: string[]) =>
    producer.send({ topic, messages: values.map((value) => ({ partition: 0, value })) });
  async function readUntil(count: number) {
    const reading = begin();
    await readFrom(reading, 0, 0);
    await vi.waitUntil(() => valuesOf(reading, 0).length >= count, { timeout: 30_000 });
    return reading.told.fetched.flatMap(({ records }) => records);
  }

  it('take no other record’s offset by a delta that lies', async () => {
    await produceForged(broker, topic, [recordAt(4, 'forged 1')]);
    await send('a', 'b');
    await produceForged(broker, topic, [recordAt(0, 'forged 4'), recordAt(0, 'forged 5')]);
    await send('c');
    const records = await readUntil(7);
    const expected = ['first', 'forged 1', 'a', 'b', 'forged 4', 'forged 5', 'c'];
    expect(records.map(({ value }) => `${value}`)).toEqual(expected);
    expect(records.map(({ offset }) => offset)).toEqual([...expected.keys()]);
  });

  it('hold no partition up by lengths below -1: they are null', async () => {
    // Length 13; attributes and deltas 0; key -2; value -2^31; one header, k, its value -3.
    await produceForged(broker, topic, [Buffer.from('1a00000003ffffffff0f02026b05', 'hex')]);
    await send('after');
    const [, forged, after] = await readUntil(3);
    expect(forged).toMatchObject({ offset: 1, key: null, value: null, headers: [['k', null]] });
    expect(`${after?.value}`).toBe('after');
  });
});

describe('a record set that cannot be read', () => {
  const bomb = () =>
    producer.send({
      topic,
      compression: CompressionTypes.ZSTD,
      messages: [{ partition: 0, value: Buffer.alloc(20 * 1024 * 1024) }],
    });

  it('is named and waited for, what stands before it is read, and no other partition waits', async () => {
    const messages = ['a', 'b'].map((value) => ({ partition: 0, value }));
    await producer.send({ topic, messages });
    await bomb();
    await producer.send({ topic, messages: [{ partition: 0, value: 'after' }] });
    const reading = begin();
    await readFrom(reading, 0, 1);
    await readFrom(reading, 1, 0);
    await vi.waitUntil(() => reading.told.unreadable.has(0), { timeout: 30_000 });
    expect(reading.told.unreadable.get(0)).toMatch(
      new RegExp(`offset 2 to 2 of ${topic}/0 .*compression: zstd`),
    );
    expect(reading.told.fetched[0]).toMatchObject({ fetchedOffset: 1, end: 2, highWatermark: 4 });
    await producer.send({ topic, messages: [{ partition: 1, value: 'of another' }] });
    await vi.waitUntil(() => valuesOf(reading, 1).length > 0, { timeout: 30_000 });
    expect(valuesOf(reading, 0)).toEqual(['b']);
    expect(reading.told.joins).toHaveLength(1);
  });

  it('holds the partition up until it is gone, and then no longer', async () => {
    await bomb();
    await producer.send({ topic, messages: [{ partition: 0, value: 'after' }] });
    const reading = begin();
    await readFrom(reading, 0, 0);
    await vi.waitUntil(() => reading.told.unreadable.has(0), { timeout: 30_000 });
    await plainAdmin.fetchTopicOffsets(topic); // or kafkajs knows no leader
    await plainAdmin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '1' }] });
    await vi.waitUntil(() => valuesOf(reading, 0).length > 0, { timeout: 60_000 });
    expect(valuesOf(reading, 0)).toEqual(['after']);
    expect(reading.told.fetched[0]).toMatchObject({ fetchedOffset: 1 });
    expect(reading.told.unreadable.size).toBe(0);
  });

  it('holds it up no longer when it is gone, nothing follows, and its owner has learnt so', async () => {
    await bomb();
    const reading = begin();
    await readFrom(reading, 0, 0);
    await vi.waitUntil(() => reading.told.unreadable.has(0), { timeout: 30_000 });
    await plainAdmin.fetchTopicOffsets(topic); // or kafkajs knows no leader
    await plainAdmin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '1' }] });
    await readFrom(reading, 0, 1);
    expect(reading.told.unreadable.size).toBe(0);
    await producer.send({ topic, messages: [{ partition: 0, value: 'after' }] });
    await vi.waitUntil(() => valuesOf(reading, 0).length > 0, { timeout: 30_000 });
    expect(valuesOf(reading, 0)).toEqual(['after']);
  });
});

describe('transactions, read committed', () => {
  async function transaction(): Promise<Transaction> {
    const transactional = plainKafka(servers.kafkaBrokers).producer({
      transactionalId: randomUUID(),
      maxInFlightRequests: 1,
    });
    await transactional.connect();
    closing.push(() => transactional.disconnect());
    return transactional.transaction();
  }
  const write = (into: Transaction, value: string, key: Buffer | null = null) =>
    into.send({ topic, messages: [{ partition: 0, value, key }] });
  const writeEnd = () => producer.send({ topic, messages: [{ partition: 0, value: 'end' }] });
  async function readAll(offset = 0): Promise<string[]> {
    const reading = begin(false);
    await readFrom(reading, 0, offset);
    await vi.waitUntil(() => valuesOf(reading, 0).includes('end'), { timeout: 30_000 });
    return valuesOf(reading, 0);
  }

  it('leave out aborted records, in whatever order the transactions ended', async () => {
    const [first, second] = [await transaction(), await transaction()];
    await write(first, 'aborted, begun first');
    await write(second, 'aborted, begun second');
    const reading = begin();
    await readFrom(reading, 0, 0);
    const ended = (offset: number) =>
      vi.waitUntil(() => reading.told.fetched.some(({ end }) => end > offset), { timeout: 30_000 });
    await second.abort();
    await ended(2);
    await first.abort();
    await ended(3);
    await writeEnd();
    expect(await readAll()).toEqual(['end']);
  });

  it('leave out aborted records when the reader begins in the midst of several', async () => {
    const [first, second] = [await transaction(), await transaction()];
    await write(first, 'aborted 0');
    await write(second, 'aborted 1');
    await write(second, 'aborted 2');
    await first.abort();
    await second.abort();
    await writeEnd();
    expect(await readAll(2)).toEqual(['end']);
  });

  it('leave out what follows an aborted record that looks like a marker', async () => {
    const aborted = await transaction();
    await write(aborted, 'aborted, its key four zero bytes', Buffer.alloc(4));
    await write(aborted, 'aborted, behind it');
    await aborted.abort();
    await writeEnd();
    expect(await readAll()).toEqual(['end']);
  });

  it('are covered from the offset asked for, in the midst of a record set that was aborted', async () => {
    const aborted = await transaction();
    const messages = ['a', 'b', 'c'].map((value) => ({ partition: 0, value }));
    await aborted.send({ topic, messages });
    await aborted.abort();
    const reading = begin(false);
    await readFrom(reading, 0, 1);
    await vi.waitUntil(() => reading.told.fetched.length > 0, { timeout: 30_000 });
    expect(reading.told.fetched[0]).toMatchObject({ fetchedOffset: 1, end: 4, records: [] });
  });

  it('show committed records between aborted ones', async () => {
    const [bad, good] = [await transaction(), await transaction()];
    await write(bad, 'aborted');
    await write(good, 'committed');
    await write(bad, 'aborted too');
    await good.commit();
    await bad.abort();
    await writeEnd();
    expect(await readAll()).toEqual(['committed', 'end']);
  });
});
