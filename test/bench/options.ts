/** `npm run bench -- [--events N]` */
import { parseFlags, wholeNumber } from '../plain/command-line.ts';

export const USAGE = `Usage: npm run bench -- [options]

  --events N  how many events are sealed, archived and verified, 1 to 10000000 (default: 300000)
  --help      this`;

/** So many lie in Kafka, in two regions and in memory; more say no more. */
const MOST_EVENTS = 10_000_000;

/** @throws UsageError */
export function readOptions(args: string[]): { events: number; help: boolean } {
  const { events, help } = parseFlags(args, {
    events: { type: 'string', default: '300000' },
    help: { type: 'boolean', short: 'h', default: false },
  });
  return { events: wholeNumber('--events', events, 1, MOST_EVENTS), help };
}
