/** `authseal verify`: is the archive intact, in every region? */
import type { Command } from 'commander';
import { toJson } from '../report/json.ts';
import { ProgressBar } from '../report/progress.ts';
import { toText } from '../report/table.ts';
import { parseAcceptances, refusedAcceptances } from '../verify/accept.ts';
import { verifyArchive } from '../verify/verify-archive.ts';
import { statusOf } from './failure.ts';
import {
  type RangeOptions,
  type SettingOptions,
  time,
  withKeys,
  withRange,
  withRegions,
} from './options.ts';
import { loadSettings, readParsed } from './settings.ts';

type Options = SettingOptions & RangeOptions & { at?: number; accept?: string; json?: true };

export function addVerify(program: Command): void {
  const command = program
    .command('verify')
    .description(
      'check every batch in every region; exit status: 0 intact, 1 problems found, 2 usage or settings, 3 could not finish, or nothing to look at',
    )
    .option('--at <time>', 'judge as of this moment: RFC 3339, or a day (UTC); default now', time)
    .option(
      '--grace <duration>',
      'how late a batch may reach a region, such as 15m (AUTHSEAL_GRACE)',
    )
    .option(
      '--accept <file>',
      'incidents that were looked into: <code> <origin> <batch, version or object> <reason> a line',
    )
    .option('--json', 'print the report as JSON');
  withKeys(withRange(withRegions(command), 'batches sealed')).action(verify);
}

async function verify(options: Options): Promise<void> {
  const { buckets, keys, producers, grace, files } = loadSettings(options);
  const acceptFile =
    options.accept === undefined ? null : readParsed(options.accept, parseAcceptances);
  const accept = acceptFile?.value ?? [];
  const { at, from, to } = options;
  const bar = new ProgressBar();
  const report = await verifyArchive({
    archives: buckets,
    keys,
    producers,
    accept,
    grace,
    ...(at !== undefined && { at }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    onProgress: bar.show,
  }).finally(() => bar.stop());
  const whole = {
    ...report,
    files: { ...files, accept: acceptFile?.sha256 ?? null },
    refused: refusedAcceptances(accept),
  };
  process.stdout.write(options.json ? toJson(whole) : toText(whole));
  process.exitCode = statusOf(report);
}
