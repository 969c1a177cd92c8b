import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';

/** One config for every package; each is run in its own folder. */
export default defineConfig({
  test: {
    // What `npm test` has no time for is in *.long.ts, run by `npm run test:faults`.
    include: ['**/*.test.ts', ...(process.env.AUTHSEAL_TEST_LONG === '1' ? ['**/*.long.ts'] : [])],
    exclude: ['**/node_modules/**', '**/dist/**'],
    // Wide enough for a busy machine: no test may depend on how fast it is.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    reporters: ['default', 'json'],
    // Read by .ci/tally.ts: a suite without its report counts as failed.
    outputFile: { json: `../.cache/test-results/${basename(process.cwd())}.json` },
  },
});
