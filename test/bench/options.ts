/** `npm run bench -- [--events N] [--rounds N] [--only NAME]` */
import { parseFlags, UsageError, wholeNumber } from '../plain/command-line.ts';

/** What is measured, in this order. */
export const MEASUREMENTS = [
  'ingest',
  'archive',
  'verify',
  'latency',
  'whole',
  'sdk',
  'growth',
] as const;
export type Measurement = (typeof MEASUREMENTS)[number];

export const USAGE = `Usage: npm run bench -- [options]

Needs Linux, whose /proc tells what a process has cost.

  --events N   how many events a backlog holds, 1000 to 10000000 (default: 1000000)
  --rounds N   how often ours and its reference take turns, 1 to 99 (default: 5)
  --only NAME  one of ${MEASUREMENTS.join(', ')} (default: all)
  --help       this`;

/** So many lie in Kafka, in two regions and in memory; more say no more. */
const MOST_EVENTS = 10_000_000;

export type BenchOptions = {
  events: number;
  rounds: number;
  only: readonly Measurement[];
  help: boolean;
};

/** @throws UsageError */
export function readOptions(args: string[]): BenchOptions {
  const { events, rounds, only, help } = parseFlags(args, {
    events: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  });
  const chosen = MEASUREMENTS.filter((name) => only === undefined || name === only);
  if (chosen.length === 0) {
    throw new UsageError(
      `--only: expected one of ${MEASUREMENTS.join(', ')}, got ${JSON.stringify(only)}`,
    );
  }
  return {
    events: wholeNumber('--events', events, 1000, MOST_EVENTS),
    rounds: wholeNumber('--rounds', rounds, 1, 99),
    only: chosen,
    help,
  };
}
