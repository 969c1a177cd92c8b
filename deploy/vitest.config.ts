import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Real servers start in these tests: one file after the other, with time for slow machines.
  test: {
    include: ['local/**/*.test.ts', 'helm/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
