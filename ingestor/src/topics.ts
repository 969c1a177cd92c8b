/**
 * The two topics: checked at every start, and made by `init` where they are missing. What is there is
 * never changed: the command to do so is in the error.
 */
import {
  examineTopics,
  type KafkaAdmin,
  MANY_BROKERS,
  settingsOfNew,
  type TopicNames,
} from '@authseal/runtime/kafka';
import { IngestorError } from './error.ts';

/**
 * @returns the number of partitions of the events topic
 * @throws IngestorError TOPIC_UNFIT, naming every fault and the commands that mend them
 */
export async function checkTopics(admin: KafkaAdmin, topics: TopicNames): Promise<number> {
  const { partitions, checks } = await examineTopics(admin, topics);
  const faults = checks.flatMap(({ fault }) => fault ?? []);
  if (faults.length === 0) return partitions;
  throw new IngestorError('TOPIC_UNFIT', `The topics break a promise:\n  ${faults.join('\n  ')}`);
}

/** Partitions of the events topic when it is created and nobody says how many. */
const DEFAULT_PARTITIONS = 8;

/**
 * Creates the topics that are missing, and partitions of the batches topic where it has too few.
 * @param partitions as somebody asked for
 * @throws IngestorError TOPIC_UNFIT when the events topic is there and has another number of them
 */
export async function createTopics(
  admin: KafkaAdmin,
  { eventsTopic, batchesTopic }: TopicNames,
  partitions: number | undefined,
): Promise<void> {
  const brokers = await admin.brokers();
  const replicas = Math.min(MANY_BROKERS, brokers);
  const have = await admin.partitions(eventsTopic);
  const wanted = have === 0 ? (partitions ?? DEFAULT_PARTITIONS) : have;
  if (partitions !== undefined && partitions !== wanted) {
    const grow = `To have more, run \`kafka-topics.sh --alter --topic ${eventsTopic} --partitions ${partitions}\`, and this again.`;
    throw new IngestorError(
      'TOPIC_UNFIT',
      `${eventsTopic} is there and has ${have} partitions, not ${partitions}. ${partitions > have ? grow : 'Partitions cannot be taken away: leave --partitions out.'}`,
    );
  }
  if (have === 0) {
    await admin.createTopic(eventsTopic, wanted, replicas, settingsOfNew('events', brokers));
  }
  const batches = await admin.partitions(batchesTopic);
  if (batches === 0) {
    await admin.createTopic(batchesTopic, wanted, replicas, settingsOfNew('batches', brokers));
  } else if (batches < wanted) {
    await admin.growTopic(batchesTopic, wanted);
  }
}
