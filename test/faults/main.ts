/**
 * `npm run test:faults`: long rounds of the suites that `npm test` runs a short one of, and those that
 * it has no time for. A round whose seed failed is printed, and `--seed` begins with it again.
 *
 * Exit status: 0 all held, 1 something failed, 2 usage.
 */
import { spawnSync } from 'node:child_process';
import { optionsOrUsage } from '../plain/command-line.ts';
import { ROOT } from '../plain/commands.ts';
import { readOptions, USAGE } from './options.ts';

const SUITES = ['faults/', 'fuzz/', 'simulation/', 'tamper/', 'conformance/alerts'];

/** Schedules of the simulation in a round, each of its own seed: some minutes of one core. */
const SCHEDULES = 20_000;

/** How many times as much is fuzzed as in a short round. */
const FUZZ_FACTOR = 3;

const { rounds, seed: first, only } = optionsOrUsage(readOptions, USAGE);
const failed: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  // No schedule comes twice.
  const seed = first + round * SCHEDULES;
  console.log(`Round ${round + 1} of ${rounds}, seed ${seed}`);
  if (!runRound(seed)) failed.push(seed);
}
console.log(
  failed.length === 0
    ? `All held in each round, from seed ${first} on`
    : failed.map((seed) => `Failed. Again: npm run test:faults -- --seed ${seed}`).join('\n'),
);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Whether all held. */
function runRound(seed: number): boolean {
  const suites = only === undefined ? SUITES : [only];
  const args = ['run', '--root', '.', '--config', '../vitest.config.ts', ...suites];
  const { status } = spawnSync('vitest', args, {
    cwd: `${ROOT}/test`,
    stdio: 'inherit',
    env: {
      ...process.env,
      AUTHSEAL_TEST_LONG: '1',
      AUTHSEAL_TEST_SEED: `${seed}`,
      AUTHSEAL_TEST_SCHEDULES: `${SCHEDULES}`,
      AUTHSEAL_TEST_ROUNDS: `${FUZZ_FACTOR}`,
    },
  });
  return status === 0;
}
