import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { time } from './options.ts';

describe('a time on the command line', () => {
  it('is a time, or a day, which begins in UTC', () => {
    expect(time('2026-01-31T12:00:00+02:00')).toBe(Date.UTC(2026, 0, 31, 10));
    expect(time('2026-01-31')).toBe(Date.UTC(2026, 0, 31));
  });

  it.each(['yesterday', '2026-02-30', '2026-01-31T12:00:00', '1'])('may not be %s', (text) => {
    expect(() => time(text)).toThrow(InvalidArgumentError);
  });
});
