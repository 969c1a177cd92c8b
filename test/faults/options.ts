/** `npm run test:faults -- [--rounds N] [--seed S]` */
import { parseFlags, wholeNumber } from '../plain/command-line.ts';

export const USAGE = `Usage: npm run test:faults -- [options]

  --rounds N  how often all suites of faults, fuzzing, simulation and tampering run, 1 to 1000 (default: 1)
  --seed S    where chance begins in the first round, 0 to 1000000000 (default: 1)
  --only TEXT suites whose path has this in it
  --help      this`;

export type Options = { rounds: number; seed: number; only: string | undefined; help: boolean };

/** @throws UsageError */
export function readOptions(args: string[]): Options {
  const { rounds, seed, only, help } = parseFlags(args, {
    rounds: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  });
  return {
    rounds: wholeNumber('--rounds', rounds, 1, 1000),
    seed: wholeNumber('--seed', seed, 0, 1_000_000_000),
    only,
    help,
  };
}
