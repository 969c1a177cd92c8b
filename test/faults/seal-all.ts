/** For suites whose heartbeats are so frequent that two regions are seldom read alike. */
import type { Stack } from '@authseal/deploy/local';
import { expect, vi } from 'vitest';
import { sealedOffsets, topicEnd } from '../plain/topic.ts';

/** Waits until the ingestor has sealed all events there are, and stops it. */
export async function sealAllAndStop({ kafkaBrokers, ingestor }: Stack): Promise<void> {
  const sealed = () => sealedOffsets(kafkaBrokers, 'authseal-ingestor.state', 'auth-events');
  await vi.waitFor(
    async () => expect(await sealed()).toBe(await topicEnd(kafkaBrokers, 'auth-events')),
    { timeout: 60_000, interval: 50 },
  );
  await ingestor.stop();
}
