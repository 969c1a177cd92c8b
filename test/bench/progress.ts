/** Waiting for the pipeline, by what its groups have committed. */
import { readFileSync } from 'node:fs';
import type { Server } from '@authseal/deploy/local';
import { topicEnds, untilSealedOffsets } from '../plain/topic.ts';

/** When a service's log first says this, milliseconds since 1970: what it did before is its start. */
export function loggedAt({ logFile }: Server, message: string): number {
  for (const line of readFileSync(logFile as string, 'utf8').split('\n')) {
    const { msg, time } = line === '' ? {} : JSON.parse(line);
    if (msg === message) return Date.parse(time);
  }
  throw new Error(`${logFile} does not say "${message}"`);
}

/** Until the ingestor of this group has committed so many records of the events topic. */
export function untilSealed(
  brokers: string[],
  group: string,
  topic: string,
  records: number,
): Promise<void> {
  return untilSealedOffsets(brokers, `${group}.state`, topic, records);
}

/** Until the archivers of these groups have committed every batch that the topic holds now. */
export async function untilArchived(
  brokers: string[],
  groups: readonly string[],
  topic: string,
): Promise<void> {
  const ends = await topicEnds(brokers, topic);
  // Each partition ends with the marker of its last transaction, which is no batch.
  const end = ends.reduce((sum, one) => sum + one - 1, 0);
  await Promise.all(groups.map((group) => untilSealed(brokers, group, topic, end)));
}
