/** `authseal list`: which logs and batches lie in the regions, and how they are locked. Nothing is judged. */
import { originOf } from '@authseal/ledger';
import type { Command } from 'commander';
import { inventory, type StoredVersion } from '../archive/inventory.ts';
import { plainTable } from '../report/table.ts';
import { type RangeOptions, type SettingOptions, withRange, withRegions } from './options.ts';
import { openDeployment } from './settings.ts';

type Options = SettingOptions & RangeOptions & { batches?: true; json?: true };

export function addList(program: Command): void {
  const command = program
    .command('list')
    .description('show logs, batches, dates and locks, without judging them')
    .option('--batches', 'a line for each version of each batch, not a summary of each log')
    .option('--json', 'a JSON object a line for each version of each batch')
    .option('--keys <file>', 'public keys, for the name of the deployment (AUTHSEAL_KEYS)');
  withRange(withRegions(command), 'batches sealed').action(list);
}

async function list(options: Options): Promise<void> {
  const summaries = new Map<string, Summary>();
  const rows: (string | number)[][] = [];
  const { deployment, buckets } = openDeployment(options);
  for (const bucket of buckets) {
    for await (const version of inventory(bucket, options)) {
      const { topic, partition } = version.parts;
      const origin = originOf(deployment, topic, partition);
      if (options.json) process.stdout.write(`${JSON.stringify(toJson(origin, version))}\n`);
      else if (options.batches) rows.push(batchRow(origin, version));
      else summarize(summaries, origin, version);
    }
  }
  if (options.json) return;
  const table = options.batches
    ? plainTable(BATCH_COLUMNS, rows)
    : plainTable(LOG_COLUMNS, [...summaries.values()].sort(byLog).map(logRow));
  process.stdout.write(`${table}\n`);
}

function toJson(origin: string, { region, parts, listed, lock }: StoredVersion) {
  const { topic, partition, batch, date } = parts;
  const { key, versionId, isLatest, deleteMarker, size } = listed;
  const place = { origin, topic, partition, batch, date, region, object: key, versionId };
  return { ...place, isLatest, deleteMarker, size, lock };
}

const BATCH_COLUMNS = ['log', 'batch', 'date', 'region', 'version', 'bytes', 'lock'];

function batchRow(
  origin: string,
  { region, parts, listed, lock }: StoredVersion,
): (string | number)[] {
  const state = listed.deleteMarker ? 'delete marker' : lockText(lock.mode, lock.retainUntil);
  return [origin, parts.batch, parts.date, region, listed.versionId, listed.size, state];
}

/** Of one log in one region. */
type Summary = {
  readonly log: string;
  readonly region: string;
  readonly batches: Set<number>;
  versions: number;
  markers: number;
  unlocked: number;
  bytes: number;
  firstDate: string;
  lastDate: string;
  /** When the first and the last lock end. */
  firstEnd: Date | null;
  lastEnd: Date | null;
};

function summarize(summaries: Map<string, Summary>, log: string, version: StoredVersion): void {
  const { region, parts, listed, lock } = version;
  const summary = summaries.get(`${log} ${region}`) ?? newSummary(log, region, parts.date);
  summaries.set(`${log} ${region}`, summary);
  summary.batches.add(parts.batch);
  summary.versions += listed.deleteMarker ? 0 : 1;
  summary.markers += listed.deleteMarker ? 1 : 0;
  summary.bytes += listed.size;
  if (parts.date < summary.firstDate) summary.firstDate = parts.date;
  if (parts.date > summary.lastDate) summary.lastDate = parts.date;
  const end = lock.mode === 'COMPLIANCE' ? lock.retainUntil : null;
  if (end === null) {
    summary.unlocked += listed.deleteMarker ? 0 : 1;
    return;
  }
  if (summary.firstEnd === null || end < summary.firstEnd) summary.firstEnd = end;
  if (summary.lastEnd === null || end > summary.lastEnd) summary.lastEnd = end;
}

function newSummary(log: string, region: string, date: string): Summary {
  const counts = { batches: new Set<number>(), versions: 0, markers: 0, unlocked: 0, bytes: 0 };
  return { log, region, ...counts, firstDate: date, lastDate: date, firstEnd: null, lastEnd: null };
}

const LOG_COLUMNS = ['log', 'region', 'batches', 'versions', 'dates', 'bytes', 'COMPLIANCE until'];

function logRow(summary: Summary): (string | number)[] {
  const { log, region, batches, versions, markers, unlocked, bytes } = summary;
  const beside = markers > 0 ? `${versions}, ${markers} delete markers` : versions;
  const ends = [summary.firstEnd, summary.lastEnd].map((end) => end?.toISOString() ?? 'none');
  const locks = `${[...new Set(ends)].join(' … ')}${unlocked > 0 ? `, ${unlocked} without` : ''}`;
  const dates = [...new Set([summary.firstDate, summary.lastDate])].join(' … ');
  return [log, region, batches.size, beside, dates, bytes, locks];
}

function byLog(a: Summary, b: Summary): number {
  return a.log.localeCompare(b.log, 'en', { numeric: true }) || a.region.localeCompare(b.region);
}

function lockText(mode: string | null, until: Date | null): string {
  return mode === null ? 'none' : `${mode} until ${until?.toISOString() ?? 'unknown'}`;
}
