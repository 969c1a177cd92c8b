/** `authseal pull`: copies the objects of a time range, checked as they come. */
import type { Command } from 'commander';
import { PulledCopy } from '../archive/pull.ts';
import { ProgressBar } from '../report/progress.ts';
import { plural, problemBlock } from '../report/table.ts';
import { timeText } from '../verify/scope.ts';
import { lookedAtNothing, verifyArchive } from '../verify/verify-archive.ts';
import { statusOf } from './failure.ts';
import {
  type RangeOptions,
  type SettingOptions,
  withKeys,
  withRange,
  withRegions,
} from './options.ts';
import { loadSettings } from './settings.ts';

type Options = SettingOptions & RangeOptions;

export function addPull(program: Command): void {
  const command = program
    .command('pull')
    .argument('<dir>', 'where to; new or empty')
    .description('copy the objects of a time range, checked as they come, with a manifest');
  withKeys(withRange(withRegions(command), 'batches sealed')).action(pull);
}

async function pull(directory: string, options: Options): Promise<void> {
  const { buckets, keys, producers, grace, files } = loadSettings(options);
  const { from, to } = options;
  const copy = await PulledCopy.begin(directory);
  const bar = new ProgressBar();
  const report = await verifyArchive({
    archives: buckets,
    keys,
    producers,
    grace,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    onProgress: bar.show,
    onBatch: (batch) => copy.add(batch),
  }).finally(() => bar.stop());
  const { ok, regions, at, problems } = report;
  const time = (ms: number | undefined) => (ms === undefined ? null : timeText(ms));
  const scope = { from: time(from), to: time(to), at: timeText(at), regions };
  const { deployment } = keys;
  const { objects } = await copy.finish({ deployment, ...scope, ok, files, problems });
  for (const problem of problems) process.stderr.write(`${problemBlock(problem)}\n\n`);
  process.stdout.write(`${plural(objects, 'object')} in ${directory}, listed in manifest.json\n`);
  if (lookedAtNothing(report)) process.stderr.write('No batch was sealed in this range.\n');
  process.exitCode = statusOf(report);
}
