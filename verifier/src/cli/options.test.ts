import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { time } from './options.ts';

describe('a time on the command line', () => {
  it.each([
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31T12:00:00.250+02:00', Date.UTC(2026, 0, 31, 10, 0, 0, 250)],
  ])('may be %s', (text, ms) => {
    expect(time(text)).toBe(ms);
  });

  it.each([
    'yesterday',
    '2026-02-30',
    '2026-13-01',
    '2026-01-31 12:00',
    '2026-01-31T12:00:00',
    '1',
  ])('may not be %s', (text) => {
    expect(() => time(text)).toThrow(InvalidArgumentError);
  });
});
