/**
 * Memory of each service over a million events, and over a backlog that it finds when it comes back:
 * it is bounded by the settings, not by what waits.
 */
import type { Server, Stack } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { produceBacklog } from '../bench/backlog.ts';
import { peakMemory } from '../bench/process.ts';
import { untilArchived, untilSealed } from '../bench/progress.ts';
import { verify } from '../plain/commands.ts';
import { topicEnd } from '../plain/topic.ts';
import { startFaultStack } from './load.ts';

const EVENTS = 1_000_000;
/** Most that a service may hold, resident. */
const BOUND_MIB = 512;

describe(`${EVENTS} events`, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startFaultStack();
  });
  afterAll(() => stack?.stop());

  const services = (): [string, Server][] => [
    ['ingestor', stack.ingestor],
    ...stack.archivers.map((archiver, i): [string, Server] => [
      `archiver ${stack.regions[i]?.name}`,
      archiver,
    ]),
  ];

  /** All that is there now. */
  async function allSealed(): Promise<void> {
    const { kafkaBrokers } = stack;
    const end = await topicEnd(kafkaBrokers, 'auth-events');
    await untilSealed(kafkaBrokers, 'authseal-ingestor', 'auth-events', end);
  }

  const allArchived = (): Promise<void> =>
    untilArchived(
      stack.kafkaBrokers,
      stack.regions.map(({ name }) => `authseal-archiver-${name}`),
      'auth-batches',
    );

  it('are sealed and, when the archivers come back, archived', async () => {
    for (const archiver of stack.archivers) await archiver.stop();
    await produceBacklog(stack.kafkaBrokers, 'auth-events', EVENTS);
    await allSealed();
    for (const archiver of stack.archivers) await archiver.restart();
    await allArchived();
  }, 900_000);

  it('that wait for an ingestor are sealed when it comes back', async () => {
    await stack.ingestor.stop();
    await produceBacklog(stack.kafkaBrokers, 'auth-events', EVENTS / 2);
    await stack.ingestor.restart();
    await allSealed();
  }, 900_000);

  it(`cost no service more than ${BOUND_MIB} MiB`, () => {
    const peaks = services().map(([name, { pid }]) => [name, peakMemory(pid)] as const);
    console.log(peaks.map(([name, peak]) => `${name}: ${peak} MiB at most`).join(', '));
    for (const [name, peak] of peaks) expect(peak, name).toBeLessThan(BOUND_MIB);
  });

  it('are in both regions, each once', async () => {
    await allArchived();
    const { code, report } = await verify(stack.environment);
    expect(report.problems).toEqual([]);
    expect(code).toBe(0);
    expect(report.producers.reduce((sum, { events }) => sum + events, 0)).toBe(1.5 * EVENTS);
  }, 900_000);
});
