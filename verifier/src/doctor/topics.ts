/** Whether the two topics are set so that nothing is dropped, aged or rewritten before it is sealed and archived. */
import type { KafkaAdmin, TopicDescription } from '@authseal/runtime/kafka';
import type { CheckResult } from './check.ts';

export type TopicNames = { readonly eventsTopic: string; readonly batchesTopic: string };

type Rule = {
  readonly setting: string;
  readonly expected: string;
  readonly fits: (value: string) => boolean;
};

const is = (setting: string, value: string): Rule => ({
  setting,
  expected: value,
  fits: (found) => found === value,
});

const DAY = 86_400_000;

const retention = (days: number): Rule => ({
  setting: 'retention.ms',
  expected: `at least ${days} days (${days * DAY}), or -1`,
  fits: (found) => msOf(found) >= days * DAY,
});

const BOTH: readonly Rule[] = [
  is('cleanup.policy', 'delete'),
  is('message.timestamp.type', 'LogAppendTime'),
  is('retention.bytes', '-1'),
  is('unclean.leader.election.enable', 'false'),
];

/** kafkajs reads no other compression, and a broker that decompresses enforces the size. */
const EVENTS: readonly Rule[] = [
  ...BOTH,
  is('compression.type', 'uncompressed'),
  is('max.message.bytes', String(1024 * 1024)),
  retention(7),
];

const BATCHES: readonly Rule[] = [
  ...BOTH,
  is('max.message.bytes', String(8 * 1024 * 1024)),
  retention(30),
];

const MANY_BROKERS = 3;
const IN_SYNC: Rule = {
  setting: 'min.insync.replicas',
  expected: 'at least 2',
  fits: (found) => Number(found) >= 2,
};

export async function examineTopics(
  admin: KafkaAdmin,
  { eventsTopic, batchesTopic }: TopicNames,
): Promise<CheckResult[]> {
  const brokers = await admin.brokers();
  const [events, batches] = await Promise.all([
    admin.describeTopic(eventsTopic),
    admin.describeTopic(batchesTopic),
  ]);
  return [
    judgeBrokers(brokers),
    ...judgeTopic(eventsTopic, events, EVENTS, brokers),
    ...judgeTopic(batchesTopic, batches, BATCHES, brokers),
    ...(events !== null && batches !== null ? judgeBoth(events, batches) : []),
  ];
}

function judgeBrokers(brokers: number): CheckResult {
  const isEnough = brokers >= MANY_BROKERS;
  const detail = isEnough ? '' : `there are ${brokers}: right for development only`;
  const check = `${MANY_BROKERS} brokers or more`;
  return { place: 'kafka', check, result: isEnough ? 'ok' : 'warn', detail };
}

function judgeTopic(
  topic: string,
  found: TopicDescription | null,
  rules: readonly Rule[],
  brokers: number,
): CheckResult[] {
  if (found === null) {
    return [fail(`${topic} exists`, 'it does not: run `authseal-ingestor init`')];
  }
  const all = brokers >= MANY_BROKERS ? [...rules, IN_SYNC] : rules;
  return all.map(({ setting, expected, fits }) => {
    const value = found.settings.get(setting) ?? 'not told';
    const check = `${topic}: ${setting} is ${expected}`;
    if (fits(value)) return { place: 'kafka', check, result: 'ok', detail: '' };
    return fail(check, `it is ${value}: change it with kafka-configs.sh --alter`);
  });
}

function judgeBoth(events: TopicDescription, batches: TopicDescription): CheckResult[] {
  const partitions = `${batches.partitions} for batches, ${events.partitions} for events`;
  const [kept, needed] = [batches, events].map(({ settings }) =>
    msOf(settings.get('retention.ms') ?? ''),
  ) as [number, number];
  return [
    batches.partitions >= events.partitions
      ? { place: 'kafka', check: ENOUGH_PARTITIONS, result: 'ok', detail: partitions }
      : fail(ENOUGH_PARTITIONS, `${partitions}: run \`authseal-ingestor init\``),
    kept >= needed
      ? { place: 'kafka', check: LONG_ENOUGH, result: 'ok', detail: '' }
      : fail(LONG_ENOUGH, 'raise its retention.ms'),
  ];
}

const ENOUGH_PARTITIONS = 'a partition for the batches of each partition of events';
const LONG_ENOUGH = 'batches are kept at least as long as events';

const fail = (check: string, detail: string): CheckResult => ({
  place: 'kafka',
  check,
  result: 'fail',
  detail,
});

/** Kafka's -1 is for ever. */
function msOf(text: string): number {
  return text === '-1' ? Number.POSITIVE_INFINITY : Number(text);
}
