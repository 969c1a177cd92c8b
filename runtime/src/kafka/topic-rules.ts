/**
 * What the two topics must be for the promises to hold. The ingestor refuses to start on others;
 * `authseal doctor` shows each rule.
 */
import type { KafkaAdmin, TopicDescription } from './admin.ts';

export type TopicNames = { readonly eventsTopic: string; readonly batchesTopic: string };

/** One rule looked at; `fault` says what was found instead and the command that mends it. */
export type TopicCheck = { readonly check: string; readonly fault: string | null };

type Rule = {
  readonly setting: string;
  /** What a new topic is given. */
  readonly value: string;
  readonly fits: (found: string) => boolean;
  readonly expected: string;
};

const DAY = 86_400_000;

/** From this number of brokers on, two of three replicas must have a record before it counts. */
export const MANY_BROKERS = 3;

const is = (setting: string, value: string): Rule => ({
  setting,
  value,
  fits: (found) => found === value,
  expected: value,
});

const retention = (days: number): Rule => ({
  setting: 'retention.ms',
  value: String(days * DAY),
  fits: (found) => milliseconds(found) >= days * DAY,
  expected: `at least ${days} days (${days * DAY}), or -1`,
});

const BOTH: readonly Rule[] = [
  is('cleanup.policy', 'delete'),
  is('message.timestamp.type', 'LogAppendTime'),
  is('retention.bytes', '-1'),
  is('unclean.leader.election.enable', 'false'),
];

/** Every compression can be read; but only where the broker undoes it does it enforce the size. */
const EVENTS: readonly Rule[] = [
  ...BOTH,
  is('compression.type', 'uncompressed'),
  is('max.message.bytes', String(1024 * 1024)),
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
  is('max.message.bytes', String(8 * 1024 * 1024)),
  retention(30),
];

const IN_SYNC: Rule = {
  setting: 'min.insync.replicas',
  value: '2',
  fits: (found) => Number(found) >= 2,
  expected: 'at least 2',
};

/** Settings of a new topic of events, or of batches. */
export function settingsOfNew(
  kind: 'events' | 'batches',
  brokers: number,
): Readonly<Record<string, string>> {
  const rules = rulesFor(kind === 'events' ? EVENTS : BATCHES, brokers);
  return Object.fromEntries(rules.map(({ setting, value }) => [setting, value]));
}

/** Looks at both topics; `partitions` are those of the events topic, 0 when there is none. */
export async function examineTopics(
  admin: KafkaAdmin,
  { eventsTopic, batchesTopic }: TopicNames,
): Promise<{ partitions: number; checks: TopicCheck[] }> {
  const [events, batches, brokers] = await Promise.all([
    admin.describeTopic(eventsTopic),
    admin.describeTopic(batchesTopic),
    admin.brokers(),
  ]);
  const checks = [
    ...checksOf(eventsTopic, events, rulesFor(EVENTS, brokers)),
    ...checksOf(batchesTopic, batches, rulesFor(BATCHES, brokers)),
  ];
  if (events !== null && batches !== null) {
    checks.push(hasPartitions(eventsTopic, events, batchesTopic, batches));
    checks.push(isKeptAsLong(eventsTopic, events, batchesTopic, batches));
  }
  return { partitions: events?.partitions ?? 0, checks };
}

/** Looks at the batches topic alone, as an archiver may. */
export async function examineBatches(admin: KafkaAdmin, topic: string): Promise<TopicCheck[]> {
  const [batches, brokers] = await Promise.all([admin.describeTopic(topic), admin.brokers()]);
  return checksOf(topic, batches, rulesFor(BATCHES, brokers));
}

const rulesFor = (rules: readonly Rule[], brokers: number): readonly Rule[] =>
  brokers >= MANY_BROKERS ? [...rules, IN_SYNC] : rules;

function checksOf(
  topic: string,
  found: TopicDescription | null,
  rules: readonly Rule[],
): TopicCheck[] {
  if (found === null) {
    const fault = `${topic} does not exist: run \`authseal-ingestor init\``;
    return [{ check: `${topic} exists`, fault }];
  }
  return rules.map(({ setting, value, fits, expected }) => {
    const is = found.settings.get(setting) ?? 'not told';
    const check = `${topic}: ${setting} is ${expected}`;
    const fault = `${topic} has ${setting}=${is}; ${expected} is expected: ${alter(topic, setting, value)}`;
    return { check, fault: fits(is) ? null : fault };
  });
}

function hasPartitions(
  eventsTopic: string,
  events: TopicDescription,
  batchesTopic: string,
  batches: TopicDescription,
): TopicCheck {
  const fault = `${batchesTopic} has ${batches.partitions} partitions and ${eventsTopic} ${events.partitions}; at least as many are expected: run \`authseal-ingestor init\``;
  return {
    check: `${batchesTopic}: a partition for each of ${eventsTopic}`,
    fault: batches.partitions >= events.partitions ? null : fault,
  };
}

function isKeptAsLong(
  eventsTopic: string,
  events: TopicDescription,
  batchesTopic: string,
  batches: TopicDescription,
): TopicCheck {
  const needed = events.settings.get('retention.ms') ?? '';
  const kept = batches.settings.get('retention.ms') ?? '';
  const fault = `${batchesTopic} keeps its records for a shorter time than ${eventsTopic}: ${alter(batchesTopic, 'retention.ms', needed)}`;
  return {
    check: `${batchesTopic}: kept at least as long as ${eventsTopic}`,
    fault: milliseconds(kept) >= milliseconds(needed) ? null : fault,
  };
}

const alter = (topic: string, setting: string, value: string): string =>
  `kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config ${setting}=${value}`;

/** Kafka's -1 is for ever. */
const milliseconds = (text: string): number =>
  text === '-1' ? Number.POSITIVE_INFINITY : Number(text);
