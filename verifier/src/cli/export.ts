/** `authseal export`: events as lines of JSON on standard output, each event once. */
import { once } from 'node:events';
import type { AuthEvent, EventKind } from '@authseal/schemas';
import { type Command, Option } from 'commander';
import { eventLine } from '../report/event-line.ts';
import { ProgressBar } from '../report/progress.ts';
import { plural, problemBlock } from '../report/table.ts';
import type { Sighting } from '../verify/producer-chain.ts';
import { verifyArchive } from '../verify/verify-archive.ts';
import { statusOf } from './failure.ts';
import {
  type RangeOptions,
  type SettingOptions,
  withKeys,
  withRange,
  withRegions,
} from './options.ts';
import { loadSettings } from './settings.ts';

type Filter = RangeOptions & { kind?: EventKind; actor?: string; service?: string };
type Options = SettingOptions & Filter;

const KINDS: EventKind[] = [
  'LOGIN_SUCCEEDED',
  'LOGIN_FAILED',
  'ROLE_CHANGED',
  'ACCESS_DENIED',
  'POLICY_UPDATED',
  'USER_TERMINATED',
  'OTHER',
];

export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description("print events as lines of JSON, by the event's own time; repeats are left out")
    .addOption(new Option('--kind <kind>', 'only events of this kind').choices(KINDS))
    .option('--actor <id>', 'only events whose actor has this id')
    .option('--service <name>', 'only events of this service');
  withKeys(withRange(withRegions(command), 'events that happened')).action(exportEvents);
}

async function exportEvents(options: Options): Promise<void> {
  const { buckets, keys, producers, grace } = loadSettings(options);
  const out = new Lines();
  const bar = new ProgressBar();
  let unreadable = 0;
  const report = await verifyArchive({
    archives: buckets,
    keys,
    producers,
    grace,
    onProgress: bar.show,
    // What happened at some time may be sealed at any later one, so all batches are looked at.
    onEvent: (sighting) => {
      const event = eventOf(sighting);
      if (event === null) unreadable += 1;
      else if (matches(event, options)) out.add(eventLine(event, sighting));
    },
    onBatch: () => out.flush(),
  }).finally(() => bar.stop());
  await out.flush();
  for (const problem of report.problems) process.stderr.write(`${problemBlock(problem)}\n\n`);
  process.stderr.write(
    `${plural(out.count, 'event')} exported; entries that hold no event that can be read: ${unreadable}\n`,
  );
  process.exitCode = statusOf(report);
}

function eventOf({ batch, entry }: Sighting): AuthEvent | null {
  if (entry.event === null) return null;
  return batch.schema.read(batch.bytesOf(entry.index - batch.header.first)).event;
}

function matches(event: AuthEvent, { from, to, kind, actor, service }: Filter): boolean {
  return (
    (from === undefined || event.time >= from * 1000) &&
    (to === undefined || event.time < to * 1000) &&
    (kind === undefined || event.kind === kind) &&
    (actor === undefined || event.actor.id === actor) &&
    (service === undefined || event.service === service)
  );
}

/** Lines to standard output, no faster than it takes them. */
class Lines {
  count = 0;
  #lines: string[] = [];

  add(line: string): void {
    this.count += 1;
    this.#lines.push(line);
  }

  async flush(): Promise<void> {
    const isTaken = process.stdout.write(this.#lines.join(''));
    this.#lines = [];
    if (!isTaken) await once(process.stdout, 'drain');
  }
}
