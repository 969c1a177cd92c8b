/** That a topic's settings are seen to change, and where partitions end, on a real broker. */
import { randomUUID } from 'node:crypto';
import { type Servers, startServers } from '@authseal/deploy/local';
import { createLogger } from '@authseal/runtime';
import { examineBatches, KafkaAdmin, settingsOfNew, TopicWatch } from '@authseal/runtime/kafka';
import kafkajs, { type Admin } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { plainKafka } from '../plain/topic.ts';
import { silent } from './consume.ts';

let servers: Servers;
let admin: KafkaAdmin;
let plain: Admin;

beforeAll(async () => {
  servers = await startServers({ report: () => {} });
  const connection = { kafkaBrokers: servers.kafkaBrokers, kafkaSsl: false as const };
  admin = await KafkaAdmin.connect(connection, 'test', silent);
  plain = plainKafka(servers.kafkaBrokers).admin();
  await plain.connect();
});
afterAll(async () => {
  await plain?.disconnect();
  await admin?.close();
  await servers?.stop();
});

describe('a topic', () => {
  it('whose settings break a promise is told with the command that mends it, until it is mended', async () => {
    const topic = `topic-${randomUUID()}`;
    const settings = settingsOfNew('batches', 1);
    await admin.createTopic(topic, 1, 1, settings);
    const set = (changed: Record<string, string>) =>
      plain.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: kafkajs.ConfigResourceTypes.TOPIC,
            name: topic,
            configEntries: Object.entries({ ...settings, ...changed }).map(([name, value]) => ({
              name,
              value,
            })),
          },
        ],
      });
    const told = vi.fn();
    const lines: string[] = [];
    const log = createLogger(
      { service: 'test', deployment: 'test', level: 'info' },
      { write: (line) => lines.push(line) },
    );
    const examine = () => examineBatches(admin, topic);
    const watch = new TopicWatch({ examine, told, log, intervalMs: 50 });
    try {
      await vi.waitFor(() => expect(told).toHaveBeenLastCalledWith(0), { timeout: 30_000 });
      await set({ 'compression.type': 'snappy' });
      await vi.waitFor(() => expect(told).toHaveBeenLastCalledWith(1), { timeout: 30_000 });
      expect(watch.faults).toEqual([
        expect.stringMatching(
          /compression\.type=snappy; .*kafka-configs\.sh .* --add-config compression\.type=producer/,
        ),
      ]);
      const looks = told.mock.calls.length;
      await vi.waitUntil(() => told.mock.calls.length > looks + 2, { timeout: 30_000 });
      await set({});
      await vi.waitFor(() => expect(told).toHaveBeenLastCalledWith(0), { timeout: 30_000 });
      expect(watch.faults).toEqual([]);
    } finally {
      watch.stop();
    }
    const messages = lines.map((line) => JSON.parse(line).msg);
    expect(messages).toEqual(['a topic breaks a promise', 'a topic keeps its promise again']);
  });

  it('ends at its high watermark, whatever transaction is open', async () => {
    const topic = `topic-${randomUUID()}`;
    await admin.createTopic(topic, 1, 1, {});
    const foreign = plainKafka(servers.kafkaBrokers).producer({
      transactionalId: randomUUID(),
      maxInFlightRequests: 1,
    });
    await foreign.connect();
    try {
      const transaction = await foreign.transaction();
      await transaction.send({ topic, messages: [{ partition: 0, value: 'open' }] });
      expect(await admin.highWatermarks(topic)).toEqual(new Map([[0, 1]]));
      expect(await admin.offsets(topic, 0)).toEqual({ start: 0, end: 0 });
      await transaction.abort();
    } finally {
      await foreign.disconnect();
    }
  });
});
