/**
 * Memory of each service over a million events, and over a backlog that it finds when it comes back:
 * it is bounded by the settings, not by what waits.
 */
import { readFileSync } from 'node:fs';
import type { Server, Stack } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { produceBacklog } from '../bench/backlog.ts';
import { verify } from '../plain/commands.ts';
import { sealedOffsets, topicEnd } from '../plain/topic.ts';
import { startFaultStack } from './load.ts';

const EVENTS = 1_000_000;
const PATIENT = { timeout: 600_000, interval: 500 };
/** Most that a service may hold, resident. */
const BOUND_MIB = 512;

/** The most that a process was seen to hold, MiB, as the kernel kept it (Linux: VmHWM). */
function peakOf(pid: number): number {
  const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kibibytes) / 1024);
}

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

  async function allDone(group: string, topic: string): Promise<void> {
    const before = await topicEnd(stack.kafkaBrokers, topic);
    await vi.waitFor(async () => {
      expect(await sealedOffsets(stack.kafkaBrokers, group, topic)).toBeGreaterThanOrEqual(
        topic === 'auth-batches' ? before - 8 : before,
      );
    }, PATIENT);
  }

  it('are sealed and, when the archivers come back, archived', async () => {
    for (const archiver of stack.archivers) await archiver.stop();
    await produceBacklog(stack.kafkaBrokers, 'auth-events', EVENTS);
    await allDone('authseal-ingestor.state', 'auth-events');
    for (const archiver of stack.archivers) await archiver.restart();
    for (const { name } of stack.regions) {
      await allDone(`authseal-archiver-${name}.state`, 'auth-batches');
    }
  }, 900_000);

  it('that wait for an ingestor are sealed when it comes back', async () => {
    await stack.ingestor.stop();
    await produceBacklog(stack.kafkaBrokers, 'auth-events', EVENTS / 2);
    await stack.ingestor.restart();
    await allDone('authseal-ingestor.state', 'auth-events');
  }, 900_000);

  it(`cost no service more than ${BOUND_MIB} MiB`, () => {
    const peaks = services().map(([name, { pid }]) => [name, peakOf(pid)] as const);
    console.log(peaks.map(([name, peak]) => `${name}: ${peak} MiB at most`).join(', '));
    for (const [name, peak] of peaks) expect(peak, name).toBeLessThan(BOUND_MIB);
  });

  it('are in both regions, each once', async () => {
    for (const { name } of stack.regions) {
      await allDone(`authseal-archiver-${name}.state`, 'auth-batches');
    }
    const { code, report } = await verify(stack.environment);
    expect(report.problems).toEqual([]);
    expect(code).toBe(0);
    expect(report.producers.reduce((sum, { events }) => sum + events, 0)).toBe(1.5 * EVENTS);
  }, 900_000);
});
