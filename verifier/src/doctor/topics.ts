/**
 * Whether the two topics are set so that nothing is dropped, aged or rewritten before it is sealed
 * and archived, and whether their access rules leave nobody who could.
 */
import {
  examineTopics,
  type KafkaAdmin,
  MANY_BROKERS,
  type TopicNames,
  type TopicRule,
} from '@authseal/runtime/kafka';
import type { CheckResult } from './check.ts';

export async function examineKafka(admin: KafkaAdmin, topics: TopicNames): Promise<CheckResult[]> {
  const [brokers, { checks }, events, batches] = await Promise.all([
    admin.brokers(),
    examineTopics(admin, topics),
    admin.accessRules(topics.eventsTopic),
    admin.accessRules(topics.batchesTopic),
  ]);
  return [
    judge(
      `${MANY_BROKERS} brokers or more`,
      brokers >= MANY_BROKERS ? null : `there are ${brokers}: right for development only`,
      'warn',
    ),
    ...checks.map(({ check, fault }) => judge(check, fault)),
    ...(events === null || batches === null
      ? [judge('access is controlled', 'the brokers have no authorizer: anybody may write', 'warn')]
      : judgeAccess(topics, events, batches)),
  ];
}

/** Operations by which records could be taken away or aged. */
const DESTROYING = new Set(['DELETE', 'ALTER', 'ALTER_CONFIGS', 'ALL']);
const EVERYBODY = new Set(['User:*', 'User:ANONYMOUS']);

/** Access rules that allow too much; super users stand in the brokers' settings and do not show. */
function judgeAccess(
  { eventsTopic, batchesTopic }: TopicNames,
  events: readonly TopicRule[],
  batches: readonly TopicRule[],
): CheckResult[] {
  const allowed = (rules: readonly TopicRule[]) => rules.filter(({ allows }) => allows);
  const destroyers = (rules: readonly TopicRule[]) =>
    principals(allowed(rules).filter(({ operation }) => DESTROYING.has(operation)));
  const writers = (rules: readonly TopicRule[]) =>
    principals(allowed(rules).filter(({ operation }) => ['WRITE', 'ALL'].includes(operation)));
  const anybody = writers(events).filter((principal) => EVERYBODY.has(principal));
  const sealers = writers(batches);
  return [
    judge(`${eventsTopic}: nobody may delete or alter it`, named(destroyers(events))),
    judge(`${batchesTopic}: nobody may delete or alter it`, named(destroyers(batches))),
    judge(`${eventsTopic}: producers are authenticated`, named(anybody)),
    judge(`${batchesTopic}: only the ingestor writes`, sealers.length > 1 ? named(sealers) : null),
  ];
}

const principals = (rules: readonly TopicRule[]): string[] =>
  [...new Set(rules.map(({ principal }) => principal))].sort();

const named = (found: readonly string[]): string | null =>
  found.length === 0 ? null : `allowed to ${found.join(', ')}: take it back with kafka-acls.sh`;

function judge(check: string, fault: string | null, worst: 'fail' | 'warn' = 'fail'): CheckResult {
  return { place: 'kafka', check, result: fault === null ? 'ok' : worst, detail: fault ?? '' };
}
