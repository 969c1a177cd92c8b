import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { describeSettings, secretFields } from './describe.ts';
import { settings } from './settings.ts';

/** The cells of the table between its two marks in README.md. */
function tableOfReadme(): string[][] {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const section = readme.split(/<!-- \/?settings.*-->/)[1] ?? '';
  const rows = section.trim().split('\n').slice(2);
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('the description of the settings', () => {
  it('is the table in the README', () => {
    const rows = describeSettings(settings).map(({ variable, meaning, default: value }) => [
      `\`${variable}\``,
      meaning,
      value === null ? 'required' : value && `\`${value}\``,
    ]);
    expect(tableOfReadme()).toEqual(rows);
  });

  it('is another one for each setting', () => {
    const meanings = describeSettings(settings).map(({ meaning }) => meaning);
    expect(new Set(meanings).size).toBe(meanings.length);
  });

  it('leaves out what is a flag of one command only', () => {
    const shape = { grace: settings.grace, json: z.boolean().default(false) };
    expect(describeSettings(shape)).toEqual([
      {
        variable: 'AUTHSEAL_GRACE',
        flag: '--grace',
        meaning: 'Verifier: how late a batch may reach a region.',
        default: '15m',
      },
    ]);
  });

  it('names the fields that hold secrets', () => {
    expect(secretFields()).toEqual(['password', 'accessKeyId', 'secretAccessKey']);
  });
});
