/** `npm run bench -- [--events N]` */
import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run bench -- [options]

  --events N  how many events are sealed, archived and verified, 1 to 10000000 (default: 300000)
  --help      this`;

/** So many lie in Kafka, in two regions and in memory; more say no more. */
const MOST_EVENTS = 10_000_000;

/** A mistake in the command line. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readOptions(args: string[]): { events: number; help: boolean } {
  const { events, help } = parse(args);
  const isNumber = /^[1-9]\d*$/.test(events) && Number(events) <= MOST_EVENTS;
  if (!isNumber) {
    throw new UsageError(
      `--events: expected a whole number from 1 to ${MOST_EVENTS}, got ${events}`,
    );
  }
  return { events: Number(events), help };
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        events: { type: 'string', default: '300000' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
