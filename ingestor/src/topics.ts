/**
 * What the two topics must be for the promises to hold. Checked at every start; `init` creates what
 * is missing, but changes nothing that is there: the command to do so is in the error.
 */
import type { KafkaAdmin, TopicDescription } from '@authseal/runtime/kafka';
import { IngestorError } from './error.ts';

type Rule = {
  readonly setting: string;
  /** What `init` gives. */
  readonly value: string;
  readonly fits: (value: string) => boolean;
  readonly expected: string;
};

const DAY = 86_400_000;

const exactly = (setting: string, value: string): Rule => ({
  setting,
  value,
  fits: (found) => found === value,
  expected: value,
});

const retention = (days: number): Rule => ({
  setting: 'retention.ms',
  value: String(days * DAY),
  fits: (found) => Number(found) === -1 || Number(found) >= days * DAY,
  expected: `at least ${days * DAY} (${days} days) or -1`,
});

/** A fetch answers by size or by age of the last segment; neither may drop what is not yet sealed. */
const BOTH: readonly Rule[] = [
  exactly('cleanup.policy', 'delete'),
  exactly('message.timestamp.type', 'LogAppendTime'),
  exactly('retention.bytes', '-1'),
  exactly('unclean.leader.election.enable', 'false'),
];

/** kafkajs reads neither snappy, lz4 nor zstd; and a broker that decompresses enforces the size. */
const EVENTS: readonly Rule[] = [
  ...BOTH,
  exactly('compression.type', 'uncompressed'),
  exactly('max.message.bytes', String(1024 * 1024)),
  retention(7),
];

const BATCHES: readonly Rule[] = [
  ...BOTH,
  {
    setting: 'compression.type',
    value: 'producer',
    fits: (found) => found === 'producer' || found === 'uncompressed',
    expected: 'producer or uncompressed',
  },
  exactly('max.message.bytes', String(8 * 1024 * 1024)),
  retention(30),
];

const MANY_BROKERS = 3;
const inSync: Rule = {
  setting: 'min.insync.replicas',
  value: '2',
  fits: (found) => Number(found) >= 2,
  expected: 'at least 2, for there are 3 brokers or more',
};

export type Topics = { readonly eventsTopic: string; readonly batchesTopic: string };

/**
 * Checks both topics.
 * @returns the number of partitions of the events topic
 * @throws IngestorError TOPIC_UNFIT, naming every fault and the commands that mend them
 */
export async function checkTopics(
  admin: KafkaAdmin,
  { eventsTopic, batchesTopic }: Topics,
): Promise<number> {
  const [events, batches, brokers] = await Promise.all([
    admin.describeTopic(eventsTopic),
    admin.describeTopic(batchesTopic),
    admin.brokers(),
  ]);
  const faults = [
    ...faultsOf(eventsTopic, events, rulesFor(EVENTS, brokers)),
    ...faultsOf(batchesTopic, batches, rulesFor(BATCHES, brokers)),
  ];
  if (events !== null && batches !== null) {
    faults.push(...faultsBetween(eventsTopic, events, batchesTopic, batches));
  }
  if (faults.length > 0) {
    throw new IngestorError('TOPIC_UNFIT', `The topics break a promise:\n  ${faults.join('\n  ')}`);
  }
  return events?.partitions ?? 0;
}

/** Creates the topics that are missing, and partitions of the batches topic where it has too few. */
export async function createTopics(
  admin: KafkaAdmin,
  { eventsTopic, batchesTopic }: Topics,
  partitions: number,
): Promise<void> {
  const brokers = await admin.brokers();
  const replicas = Math.min(MANY_BROKERS, brokers);
  const have = await admin.partitions(eventsTopic);
  const wanted = have === 0 ? partitions : have;
  if (have === 0) {
    await admin.createTopic(eventsTopic, wanted, replicas, settingsOf(rulesFor(EVENTS, brokers)));
  }
  const batches = await admin.partitions(batchesTopic);
  if (batches === 0) {
    await admin.createTopic(batchesTopic, wanted, replicas, settingsOf(rulesFor(BATCHES, brokers)));
  } else if (batches < wanted) {
    await admin.growTopic(batchesTopic, wanted);
  }
}

const rulesFor = (rules: readonly Rule[], brokers: number): readonly Rule[] =>
  brokers >= MANY_BROKERS ? [...rules, inSync] : rules;

const settingsOf = (rules: readonly Rule[]): Record<string, string> =>
  Object.fromEntries(rules.map(({ setting, value }) => [setting, value]));

function faultsOf(topic: string, found: TopicDescription | null, rules: readonly Rule[]): string[] {
  if (found === null) return [`${topic} does not exist: run \`authseal-ingestor init\``];
  return rules.flatMap(({ setting, value, fits, expected }) => {
    const is = found.settings.get(setting) ?? 'not told';
    if (fits(is)) return [];
    return [
      `${topic} has ${setting}=${is}; ${expected} is expected: kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config ${setting}=${value}`,
    ];
  });
}

function faultsBetween(
  eventsTopic: string,
  events: TopicDescription,
  batchesTopic: string,
  batches: TopicDescription,
): string[] {
  const faults: string[] = [];
  if (batches.partitions < events.partitions) {
    faults.push(
      `${batchesTopic} has ${batches.partitions} partitions and ${eventsTopic} ${events.partitions}; at least as many are expected: run \`authseal-ingestor init\``,
    );
  }
  const [kept, needed] = [batches, events].map((topic) => {
    const ms = Number(topic.settings.get('retention.ms'));
    return ms === -1 ? Number.POSITIVE_INFINITY : ms;
  }) as [number, number];
  if (kept < needed) {
    faults.push(
      `${batchesTopic} keeps its records for a shorter time than ${eventsTopic}: kafka-configs.sh --alter --entity-type topics --entity-name ${batchesTopic} --add-config retention.ms=${needed === Number.POSITIVE_INFINITY ? -1 : needed}`,
    );
  }
  return faults;
}
