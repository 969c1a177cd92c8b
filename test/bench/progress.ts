/** Waiting for the pipeline, by what its groups have committed. */
import { setTimeout as delay } from 'node:timers/promises';
import { readTopic, sealedOffsets, topicEnd } from '../plain/topic.ts';

const POLL_MS = 50;

/** Until the ingestor of this group has committed so many records of the events topic. */
export async function untilSealed(
  brokers: string[],
  group: string,
  topic: string,
  records: number,
): Promise<void> {
  while ((await sealedOffsets(brokers, `${group}.state`, topic)) < records) await delay(POLL_MS);
}

/** Until the archivers of these groups have committed every batch that the topic holds now. */
export async function untilArchived(
  brokers: string[],
  groups: readonly string[],
  topic: string,
): Promise<void> {
  const partitions = (await readTopic(brokers, topic)).length;
  // Each partition ends with the marker of its last transaction, which is no batch.
  const end = (await topicEnd(brokers, topic)) - partitions;
  for (const group of groups) await untilSealed(brokers, group, topic, end);
}
