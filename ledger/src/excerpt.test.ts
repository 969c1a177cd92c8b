import { describe, expect, it } from 'vitest';
import { excerpt } from './excerpt.ts';

describe('an excerpt', () => {
  it('quotes a text as it is when it is short and printable', () => {
    expect(excerpt('Zoë 文')).toBe('"Zoë 文"');
    expect(excerpt('')).toBe('""');
    expect(excerpt('x'.repeat(60))).toBe(`"${'x'.repeat(60)}"`);
  });

  it('cuts what is long', () => {
    expect(excerpt('x'.repeat(61))).toBe(`"${'x'.repeat(60)}…"`);
  });

  it('escapes what speaks to a terminal, turns the direction of writing or cannot be shown', () => {
    expect(excerpt('\u001b[31m\u0000\u009b\u202e\u2028')).toBe(
      '"\\u{1b}[31m\\u{0}\\u{9b}\\u{202e}\\u{2028}"',
    );
    expect(excerpt(`${'x'.repeat(59)}😀`)).toBe(`"${'x'.repeat(59)}\\u{d83d}…"`);
  });
});
