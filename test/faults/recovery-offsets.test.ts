/**
 * The offsets of consumer groups expire, or somebody resets them by hand, of the ingestor and of an
 * archiver at once: each finds its place again, from auth-batches or from the bucket. No log forks,
 * and nothing is skipped.
 */
import type { Server, Stack } from '@authseal/deploy/local';
import type { Admin } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectAllArchived } from '../plain/check.ts';
import { plainKafka, sealedOffsets } from '../plain/topic.ts';
import { type Load, startFaultStack, startLoad } from './load.ts';
import { refusals } from './refusals.ts';
import { sealAllAndStop } from './seal-all.ts';

const PATIENT = { timeout: 60_000, interval: 50 };

let stack: Stack;
let load: Load;
let admin: Admin;
let archiver: Server;
/** Each group with the topic whose offsets it has. */
let groups: [group: string, topic: string][];
beforeAll(async () => {
  // Short, so that partitions without events commit their place, too.
  stack = await startFaultStack({ settings: { AUTHSEAL_HEARTBEAT: '2s' } });
  admin = plainKafka(stack.kafkaBrokers).admin();
  await admin.connect();
  load = startLoad(stack, ['web', 'api']);
  archiver = stack.archivers[0] as Server;
  const ofRegion = `authseal-archiver-${stack.regions[0]?.name}`;
  groups = [
    ['authseal-ingestor', 'auth-events'],
    ['authseal-ingestor.state', 'auth-events'],
    [ofRegion, 'auth-batches'],
    [`${ofRegion}.state`, 'auth-batches'],
  ];
});
afterAll(async () => {
  await load?.stop();
  await admin?.disconnect();
  await stack?.stop();
});

const states = () => groups.filter(([group]) => group.endsWith('.state'));
const sealed = () => sealedOffsets(stack.kafkaBrokers, 'authseal-ingestor.state', 'auth-events');
const archived = () => {
  const [group, topic] = groups[3] as [string, string];
  return sealedOffsets(stack.kafkaBrokers, group, topic);
};

/** Sets every offset of all groups, as `kafka-consumer-groups.sh --reset-offsets` does: without metadata. */
async function resetTo(place: (low: number, high: number) => number): Promise<void> {
  const resets = groups.map(async ([groupId, topic]) => {
    const ends = await admin.fetchTopicOffsets(topic);
    const partitions = ends.map(({ partition, low, high }) => {
      return { partition, offset: `${place(Number(low), Number(high))}` };
    });
    await admin.setOffsets({ groupId, topic, partitions });
  });
  await Promise.all(resets);
}

async function expire(): Promise<void> {
  const { groups: there } = await admin.listGroups();
  const names = there.map(({ groupId }) => groupId);
  await admin.deleteGroups(groups.map(([group]) => group).filter((group) => names.includes(group)));
  for (const [groupId, topic] of states()) {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
    expect(found?.partitions.every(({ offset }) => offset === '-1')).toBe(true);
  }
}

/** Both have sealed and archived more than their last place was worth. */
async function expectGoneOn(before: { sealed: number; archived: number }): Promise<void> {
  await vi.waitFor(async () => {
    expect(await refusals(stack.ingestor.endpoint)).toEqual({});
    expect(await refusals(archiver.endpoint)).toEqual({});
    expect(await sealed()).toBeGreaterThan(before.sealed);
    expect(await archived()).toBeGreaterThan(before.archived);
    for (const [groupId, topic] of states()) {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      const lost = found?.partitions.filter(({ metadata }) => !metadata?.startsWith('{'));
      expect(lost, `${groupId}: partitions without a place`).toEqual([]);
    }
  }, PATIENT);
}

describe('ingestor and archiver find their place again', () => {
  it.each([
    ['expired', expire],
    ['set to the earliest', () => resetTo((low) => low)],
    ['set to the middle', () => resetTo((low, high) => Math.floor((low + high) / 2))],
    ['set to the latest', () => resetTo((_, high) => high)],
  ])('when the offsets of their groups are %s', async (_, happens) => {
    await vi.waitFor(async () => expect(await archived()).toBeGreaterThan(50), PATIENT);
    await Promise.all([stack.ingestor.stop(), archiver.stop()]);
    const before = { sealed: await sealed(), archived: await archived() };
    await happens();
    await Promise.all([stack.ingestor.restart(), archiver.restart()]);
    await expectGoneOn(before);
  });

  it('and every event stands in both regions exactly once, and the archive verifies', async () => {
    await load.stop();
    await sealAllAndStop(stack);
    await expectAllArchived(stack, load);
  });
});
