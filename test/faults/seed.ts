/** Chance in the fault suites comes from a seed, AUTHSEAL_TEST_SEED, which is printed when a test fails. */
import { beforeEach } from 'vitest';
import { Random } from '../simulation/world.ts';

const SEED = Number(process.env.AUTHSEAL_TEST_SEED ?? 1);

/** For a suite, which calls it once. */
export function randomOfSuite(): Random {
  beforeEach(({ onTestFailed }) => {
    onTestFailed(() => {
      console.log(`Again with this seed: npm run test:faults -- --seed ${SEED}`);
    });
  });
  return new Random(SEED);
}
