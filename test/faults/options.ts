/** `npm run test:faults -- [--rounds N] [--seed S]` */
import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run test:faults -- [options]

  --rounds N  how often all suites of faults, simulation and tampering run, 1 to 1000 (default: 1)
  --seed S    where chance begins in the first round, 0 to 1000000000 (default: 1)
  --only TEXT suites whose path has this in it
  --help      this`;

const LIMITS = { rounds: { least: 1, most: 1000 }, seed: { least: 0, most: 1_000_000_000 } };

export type Options = { rounds: number; seed: number; only: string | undefined; help: boolean };

/** A mistake in the command line. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readOptions(args: string[]): Options {
  const { rounds, seed, only, help } = parse(args);
  return { rounds: wholeNumber('rounds', rounds), seed: wholeNumber('seed', seed), only, help };
}

function wholeNumber(name: keyof typeof LIMITS, text: string): number {
  const { least, most } = LIMITS[name];
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(
    `--${name}: expected a whole number from ${least} to ${most}, got ${JSON.stringify(text)}`,
  );
}

function parse(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        rounds: { type: 'string', default: '1' },
        seed: { type: 'string', default: '1' },
        only: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
