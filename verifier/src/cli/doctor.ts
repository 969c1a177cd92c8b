/** `authseal doctor`: do the regions and Kafka keep what Authseal relies on? It tries, it does not only ask. */
import type { Command } from 'commander';
import { examineBucket } from '../doctor/bucket.ts';
import type { CheckResult } from '../doctor/check.ts';
import { plainTable, plural } from '../report/table.ts';
import { type SettingOptions, withRegions } from './options.ts';
import { openRegions } from './settings.ts';

export function addDoctor(program: Command): void {
  const command = program
    .command('doctor')
    .description('prove on a canary that each region enforces its locks, and check the topics')
    .option('--json', 'print the checks as JSON');
  withRegions(command).action(examine);
}

async function examine(options: SettingOptions & { json?: true }): Promise<void> {
  const results: CheckResult[] = [];
  for (const bucket of openRegions(options)) results.push(...(await examineBucket(bucket)));
  const failed = results.filter(({ result }) => result === 'fail').length;
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ok: failed === 0, checks: results }, null, 2)}\n`
      : `${checksTable(results)}\n${failed === 0 ? 'All is well' : `${plural(failed, 'check')} failed`}\n`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}

function checksTable(results: readonly CheckResult[]): string {
  return plainTable(
    ['where', 'check', 'result', 'detail'],
    results.map(({ place, check, result, detail }) => [place, check, result, detail]),
  );
}
