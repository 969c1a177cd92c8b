/** Scene: real logs, read by the collector. */
import { basename } from 'node:path';
import type { EventKind } from '@authseal/schemas';
import { collect, tryToCollect } from './commands.ts';
import { DemoFailure } from './expect.ts';
import { UsageError } from './options.ts';
import { makeProducerKey } from './producer-key.ts';
import { emptyLine, fact, say, show } from './terminal.ts';
import type { World } from './world.ts';

/** Of the collector: all was taken; some of what was read is malformed, and in its account. */
const [COMPLETE, INCOMPLETE] = [0, 1];

/**
 * Before anything is started: whether there is something to collect.
 * @throws UsageError with the collector's account
 */
export async function expectEvents(source: 'sshd' | 'cloudtrail', files: string[]): Promise<void> {
  if (files.length === 0) return;
  const { err } = await tryToCollect(source, files);
  if (countKinds(err, new Map()) > 0) return;
  throw new UsageError(
    `the files of --${source} hold no auth event of ${source}:\n${err.trimEnd()}`,
  );
}

export async function realLogs(world: World, source: 'sshd' | 'cloudtrail', files: string[]) {
  emptyLine();
  say(`$ authseal-collect ${source} ${files.map((file) => basename(file)).join(' ')}`);
  emptyLine();
  const { stack, sentBy } = world;
  const { AUTHSEAL_PRODUCERS = '' } = stack.environment;
  const { file } = makeProducerKey(source, stack.directory, AUTHSEAL_PRODUCERS);
  const variables = { ...stack.environment, AUTHSEAL_PRODUCER_KEY: file };

  const account = await world.watch(
    source,
    collect(source, files, variables).then(({ status, err }) => {
      if (status !== COMPLETE && status !== INCOMPLETE) {
        throw new DemoFailure(`Expected: authseal-collect ${source} to end with 0\nSeen: ${err}`);
      }
      const events = countKinds(err, world.sent);
      if (events === 0) throw new DemoFailure(`Expected: events of ${source}\nSeen: ${err}`);
      sentBy.set(source, events);
      return { err, events, status };
    }),
  );
  emptyLine();
  show(account.status === COMPLETE ? overview(account.err) : account.err.trimEnd());
  fact(`${account.events} events of ${source} lie in ${world.archives.length} regions`);
}

/** The collector ends with a table; the kinds of events stand in it as `    KIND   number`. */
function countKinds(table: string, sent: Map<EventKind, number>): number {
  let events = 0;
  for (const [, name, digits] of table.matchAll(/^ {4}([A-Z_]+) +(\d+)$/gm)) {
    const kind = name as EventKind;
    const count = Number(digits);
    sent.set(kind, (sent.get(kind) ?? 0) + count);
    events += count;
  }
  return events;
}

/** The table without its details. */
function overview(table: string): string {
  return table
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('    '))
    .join('\n');
}
