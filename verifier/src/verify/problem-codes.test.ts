import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PROBLEM_CODES } from './problem-codes.ts';

describe('the README', () => {
  it('lists every code with its severity, meaning and remedy, as the code does', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const rows = readme
      .split('\n')
      // The formatter pads the cells of tables.
      .map((line) => line.replace(/ +/g, ' '))
      .filter((line) => /^\| `[A-Z_]+` \| (breach|incident|note) \|/.test(line));
    const expected = Object.entries(PROBLEM_CODES).map(
      ([code, { severity, meaning, remedy }]) =>
        `| \`${code}\` | ${severity} | ${meaning} | ${remedy} |`,
    );
    expect(rows).toEqual(expected);
  });
});
