/** The direction of imports, as the architecture fixes it: data and imports go one way. */
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

/** What each package may import of the others. */
const MAY_IMPORT: Record<string, string[]> = {
  schemas: [],
  ledger: ['schemas'],
  runtime: [],
  // Itself in its examples, which read as a user's.
  'producer-sdk': ['schemas', 'producer-sdk'],
  ingestor: ['ledger', 'schemas', 'runtime'],
  archiver: ['ledger', 'runtime'],
  verifier: ['ledger', 'schemas', 'runtime'],
  // Whether Kafka answers is asked where all use of kafkajs is.
  deploy: ['runtime'],
};

/** The only places that know kafkajs, so that another client can take its place. */
const KAFKAJS = /^(runtime\/src\/kafka\/|producer-sdk\/src\/kafka(\.ts|\/)|deploy\/local\/)/;

/** What the pure core may use of Node: nothing that reads, writes, waits or knows the environment. */
const PURE = ['node:buffer', 'node:crypto', 'node:zlib', 'canonicalize', '@authseal/schemas'];

type Import = { file: string; from: string };

const imports: Import[] = Object.keys(MAY_IMPORT).flatMap((name) =>
  globSync(`${name}/**/*.ts`, {
    cwd: ROOT,
    exclude: (path) => /node_modules|dist/.test(path),
  }).flatMap((file) => {
    const text = readFileSync(`${ROOT}/${file}`, 'utf8');
    const matches = text.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)'([^']+)'/g);
    return [...matches].map(([, from]) => ({ file, from: from as string }));
  }),
);
const isTest = ({ file }: Import) => /\.test\.ts$|\/testing\//.test(file);

/** Whether the package says that others may import this of it. */
function isExported(from: string): boolean {
  const [, name, ...rest] = from.split('/') as [string, string, ...string[]];
  const { exports } = JSON.parse(readFileSync(`${ROOT}/${name}/package.json`, 'utf8'));
  return ['.', ...rest].join('/') in exports;
}

describe('imports', () => {
  it('are found at all', () => {
    expect(imports.length).toBeGreaterThan(200);
  });

  it.each(Object.entries(MAY_IMPORT))('of %s go only to %j', (name, allowed) => {
    const wrong = imports.filter(({ file, from }) => {
      const [, other] = /^@authseal\/([a-z-]+)/.exec(from) ?? [];
      return file.startsWith(`${name}/`) && other !== undefined && !allowed.includes(other);
    });
    expect(wrong).toEqual([]);
  });

  it('never reach into another package', () => {
    const wrong = imports.filter(
      ({ file, from }) =>
        (from.startsWith('@authseal/') && !isExported(from)) ||
        (from.startsWith('.') &&
          resolve('/', file, '..', from).split('/')[1] !== file.split('/')[0]),
    );
    expect(wrong).toEqual([]);
  });

  it('of kafkajs stand in one folder of runtime and one of the SDK', () => {
    const users = imports.filter(({ from }) => from === 'kafkajs' || from.startsWith('kafkajs/'));
    expect(users.filter((entry) => !KAFKAJS.test(entry.file) && !isTest(entry))).toEqual([]);
  });

  it('of the ledger are pure: no I/O, no clock, no environment', () => {
    const core = imports.filter(
      (entry) => entry.file.startsWith('ledger/') && !isTest(entry) && !entry.from.startsWith('./'),
    );
    expect(core.filter(({ from }) => !PURE.includes(from))).toEqual([]);
    const clocks = globSync('ledger/src/*.ts', { cwd: ROOT })
      .filter((file) => !file.endsWith('.test.ts'))
      .filter((file) =>
        /Date\.now|new Date\(\)|process\.|performance\./.test(
          readFileSync(`${ROOT}/${file}`, 'utf8'),
        ),
      );
    expect(clocks).toEqual([]);
  });
});
