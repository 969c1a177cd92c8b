import { describe, expect, it } from 'vitest';
import { parseDay, parseTime } from './rfc3339.ts';

describe('a time', () => {
  it.each([
    ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2028-02-29t23:59:59z', Date.UTC(2028, 1, 29, 23, 59, 59)],
    ['2026-01-31T12:00:00.250+02:00', Date.UTC(2026, 0, 31, 10, 0, 0, 250)],
  ])('may be %s', (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });

  it.each([
    'yesterday',
    '2026-01-31',
    '2026-02-30T00:00:00Z',
    '2026-02-29T00:00:00+01:00',
    '2026-13-01T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T12:00:60Z',
    '2026-01-31T12:00:00',
    '2026-01-31 12:00:00Z',
    '2026-01-31T12:00:00+24:00',
  ])('may not be %s', (text) => {
    expect(parseTime(text)).toBeNull();
  });
});

describe('a day', () => {
  it('is of the calendar, and begins in UTC', () => {
    expect(parseDay('2026-01-31')).toBe(Date.UTC(2026, 0, 31));
    for (const text of ['2026-02-30', '2026-1-31', '2026-00-01', '2026-01-31T00:00:00Z', '']) {
      expect(parseDay(text)).toBeNull();
    }
  });
});
