import { describe, expect, it } from 'vitest';
import { UsageError } from '../plain/command-line.ts';
import { readOptions } from './options.ts';

describe('the options of npm run test:faults', () => {
  it('are one round from seed 1 unless others are given', () => {
    expect(readOptions([])).toMatchObject({ rounds: 1, seed: 1, help: false });
    expect(readOptions(['--rounds', '7', '--seed=0'])).toMatchObject({ rounds: 7, seed: 0 });
  });

  it.each([
    [['--rounds', '0'], '--rounds: expected a whole number from 1 to 1000, got "0"'],
    [['--seed', '1.5'], '--seed: expected a whole number from 0 to 1000000000, got "1.5"'],
    [['--round', '2'], '--round'],
    [['2'], '2'],
  ])('refuse %j, and say what is expected', (args, expected) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(expected);
  });
});
