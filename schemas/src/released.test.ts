import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AUTH_EVENT_FINGERPRINT } from './auth-event.ts';
import { fingerprint } from './fingerprint.ts';
import { AUTH_EVENT_SCHEMA_TEXTS, ENTRY_SCHEMA_TEXTS } from './generated/schema-texts.ts';
import { compileUpgrade } from './resolve.ts';
import { avscType } from './testing/through-avsc.ts';

const RELEASED = new URL('../released/', import.meta.url);

/** Archives name these texts by their hash: a line is added with a release, and never changed. */
const FROZEN: Record<string, string> = {
  'auth-event.v1.avsc': '059940a32c5c18d1b6f40e52a5623c1ad1318f171355372a82db1d5ccb374f3c',
  'entry.v1.avsc': 'aa46720199ad394032bf189dd3e2793558d8454559052ed4b8f8371a7ae7d72d',
};

describe('a released schema', () => {
  it('is never changed', () => {
    const found = readdirSync(RELEASED).map((file) => {
      const text = readFileSync(new URL(file, RELEASED));
      return [file, createHash('sha256').update(text).digest('hex')];
    });
    expect(Object.fromEntries(found)).toEqual(FROZEN);
  });

  it('keeps the fingerprint that values are found by', () => {
    const found = AUTH_EVENT_SCHEMA_TEXTS.map((text) => fingerprint(JSON.parse(text)));
    expect(found.map((bytes) => bytes.toString('hex'))).toEqual(['6ff27e3fd49e011f']);
    expect(found.at(-1)).toEqual(AUTH_EVENT_FINGERPRINT);
  });

  it.each([
    ['authseal.AuthEvent', AUTH_EVENT_SCHEMA_TEXTS],
    ['authseal.Entry', ENTRY_SCHEMA_TEXTS],
  ])('%s is compatible with every other version, both ways (FULL_TRANSITIVE)', (_, texts) => {
    for (const from of texts) {
      for (const to of texts) {
        expect(() => avscType(to).createResolver(avscType(from))).not.toThrow();
        expect(() => compileUpgrade(from, to)).not.toThrow();
      }
    }
  });
});
