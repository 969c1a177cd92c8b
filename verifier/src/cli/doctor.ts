/** `authseal doctor`: do the regions and Kafka keep what Authseal relies on? It tries, it does not only ask. */
import { type Bucket, createLogger, RuntimeError } from '@authseal/runtime';
import { KafkaAdmin } from '@authseal/runtime/kafka';
import type { Command } from 'commander';
import { examineBucket } from '../doctor/bucket.ts';
import type { CheckResult } from '../doctor/check.ts';
import { examineKafka } from '../doctor/topics.ts';
import { plainTable, plural } from '../report/table.ts';
import { type SettingOptions, withRegions } from './options.ts';
import { type KafkaSettings, kafkaSettingsOf, openRegions } from './settings.ts';

export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('prove on a canary that each region enforces its locks, and check the topics')
    .option('--json', 'print the checks as JSON');
  withRegions(command).action(examine);
}

async function examine(options: SettingOptions & { json?: true }): Promise<void> {
  const results: CheckResult[] = [];
  for (const bucket of openRegions(options)) results.push(...(await examineRegion(bucket)));
  results.push(...(await lookAtKafka(kafkaSettingsOf(options))));
  const failed = results.filter(({ result }) => result === 'fail').length;
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ok: failed === 0, checks: results }, null, 2)}\n`
      : `${checksTable(results)}\n${failed === 0 ? 'All is well' : `${plural(failed, 'check')} failed`}\n`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}

/** A region that does not answer fails by itself: the others are examined nonetheless. */
async function examineRegion(bucket: Bucket): Promise<CheckResult[]> {
  try {
    return await examineBucket(bucket);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const place = bucket.region.name;
    return [{ place, check: 'the bucket answers', result: 'fail', detail: error.message }];
  }
}

async function lookAtKafka(settings: KafkaSettings): Promise<CheckResult[]> {
  const place = 'kafka';
  const { kafkaBrokers } = settings;
  if (kafkaBrokers === undefined) {
    const detail = 'not looked at: AUTHSEAL_KAFKA_BROKERS is not set';
    return [{ place, check: 'the topics are as they must be', result: 'warn', detail }];
  }
  const log = createLogger({ service: 'doctor', deployment: '', level: 'silent' });
  try {
    const admin = await KafkaAdmin.connect({ ...settings, kafkaBrokers }, 'authseal-doctor', log);
    return await examineKafka(admin, settings).finally(() => admin.close());
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [{ place, check: `${kafkaBrokers.join(', ')} answers`, result: 'fail', detail }];
  }
}

function checksTable(results: readonly CheckResult[]): string {
  return plainTable(
    ['where', 'check', 'result', 'detail'],
    results.map(({ place, check, result, detail }) => [place, check, result, detail]),
  );
}
