/**
 * The border of settings: YAML files, environment and flags, through the loader of every service and
 * command, in one process. Whatever they hold, they are a configuration or RuntimeError INVALID_CONFIG,
 * which names every problem in a line of its own and shows no trace and no secret. Nothing that they
 * name becomes a member of all objects.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  describeSettings,
  kafkaSettings,
  loadConfig,
  RuntimeError,
  serviceSettings,
  settings,
} from '@authseal/runtime';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { held } from './memory.ts';
import { mutated, mutation } from './mutations.ts';
import { cases, TIMEOUT } from './rounds.ts';

const folder = mkdtempSync(join(tmpdir(), 'authseal-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'config.yaml');
const key = join(folder, 'key');
writeFileSync(key, 'a key');

const SCHEMAS = [
  z.object({ ...serviceSettings, ...kafkaSettings }),
  z.object({ ...serviceSettings, regions: settings.regions, region: settings.region }),
  z.object({ ...settings, partitions: z.int().optional(), json: z.boolean().default(false) }),
];
const SECRET = 'hunter2';

/** Milliseconds that no case may take. */
const LONG = 20_000;

/** One problem each, in one source. */
const FAULTS: { source: 'env' | 'flag' | 'file'; as: string; value: string }[] = [
  { source: 'env', as: 'AUTHSEAL_DEPLOYMENT', value: 'A B' },
  { source: 'env', as: 'AUTHSEAL_KAFKA_BROKERS', value: 'localhost' },
  { source: 'env', as: 'AUTHSEAL_HTTP_PORT', value: '65536' },
  { source: 'env', as: 'AUTHSEAL_NONSENSE', value: SECRET },
  { source: 'env', as: 'AUTHSEAL___PROTO__', value: 'polluted' },
  { source: 'env', as: 'AUTHSEAL_CONSTRUCTOR', value: 'polluted' },
  { source: 'flag', as: '--log-level', value: 'loud' },
  { source: 'flag', as: '--events-topic', value: '..' },
  { source: 'flag', as: '--nonsense', value: 'x' },
  { source: 'flag', as: '--__proto__', value: 'polluted' },
  { source: 'flag', as: 'stray', value: '' },
  { source: 'file', as: 'batchesTopic', value: 'a b' },
  { source: 'file', as: 'httpHost', value: '7' },
  { source: 'file', as: 'sessionTimeout', value: '0s' },
  { source: 'file', as: 'kafkaSsl', value: '/nowhere' },
  { source: 'file', as: 'nonsense', value: '1' },
  { source: 'file', as: 'kafkaSasl.usrname', value: '1' },
  { source: 'file', as: '__proto__', value: '{ polluted: 1 }' },
  { source: 'file', as: 'constructor', value: '{ prototype: { polluted: 1 } }' },
];

type Given = { env?: NodeJS.ProcessEnv; flags?: readonly string[]; yaml?: Buffer | string };

/** The lines of the problems; null: it is a configuration. */
function load(schema: number, { env = {}, flags = [], yaml }: Given): string[] | null {
  if (yaml !== undefined) writeFileSync(file, yaml);
  const began = performance.now();
  try {
    loadConfig(SCHEMAS[schema] as z.ZodObject, {
      env: yaml === undefined ? env : { AUTHSEAL_CONFIG: file, ...env },
      flags,
    });
    return null;
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code !== 'INVALID_CONFIG') throw error;
    const [head, ...lines] = error.message.split('\n');
    const count = Number(/^The configuration has (\d+) errors?:$/.exec(head ?? '')?.[1]);
    expect(lines.length).toBe(count);
    for (const line of lines) expect(line).toMatch(/^ {2}.*: found .*; expected .+$/);
    expect(error.message).not.toMatch(/^ +at /m);
    return lines;
  } finally {
    expect(performance.now() - began).toBeLessThan(LONG);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  }
}

const schema = fc.nat(SCHEMAS.length - 1);

const FILES = [
  'deployment: acme\nkafkaBrokers: [a:9092, "[::1]:9093"]\nlogLevel: warn\nhttpPort: 0\n',
  `kafkaBrokers: a:1\nkafkaSasl: { mechanism: plain, username: u, password: ${SECRET} }\nlinger: 1s\n`,
  'regions:\n  - name: eu-1\n    bucket: abc\n  - { name: eu-2, bucket: abcd, prefix: p/ }\nregion: eu-1\n',
  `# all\nretention: 7y\nkeys: ${key}\nsigningKey: ${key}\nkafkaSsl: true\nshutdownGrace: 90s\n`,
  'deployment: &name acme\neventsTopic: *name\nbatchesTopic: "b\\u0041"\nhttpHost: |\n  ::1\n',
].map((text) => Buffer.from(text));

/** Pieces that YAML means something by. */
const PIECES = [
  ...'\n|\n  |\n- |: |, |{|}|[|]|"|\'|? |#|---\n|...\n|%YAML 1.1\n---\n|%TAG ! x\n|&a |*a|*b|<<: '.split(
    '|',
  ),
  ...'!!set |!!omap |!!binary |!!str |!!int |!!float |!x |~|null|.inf|0x1f|1e999|2001-01-01|true'.split(
    '|',
  ),
  ...'deployment: |regions: |kafkaSasl: |password: |name: |bucket: |httpPort: |__proto__: '.split(
    '|',
  ),
  ...[
    'constructor: {prototype: {polluted: 1}}',
    '__proto__: {polluted: 1}',
    '\t',
    '\ufeff',
    '\0',
    '|',
    '>',
  ],
];

const settingsOfAll = describeSettings(settings);
const VALUES = [
  ...[
    '',
    'x',
    '0',
    '-1',
    '65536',
    '1e3',
    'true',
    'a:1,b:2',
    '5s',
    '0s',
    '999999999999y',
    key,
    folder,
  ],
  ...[
    '/dev/null',
    'eu-1,eu_1',
    '__proto__',
    'a,__proto__,a',
    'http://x',
    `http://u:${SECRET}@x`,
    '..',
  ],
];
const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...VALUES) },
  fc.string({ unit: 'binary', maxLength: 20 }).map((value) => value.replaceAll('\0', '')),
  mutated(VALUES.map((value) => Buffer.from(value))).map(({ bytes }) => bytes.toString()),
);
const names = settingsOfAll.map(({ variable }) => variable.replace('<NAME>', 'EU_1'));
const changedName = fc.tuple(fc.constantFrom(...names), mutation);
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...names) },
  changedName.map(([of, mutate]) => `AUTHSEAL_${mutate(Buffer.from(of.slice(9)))}`),
  fc.constantFrom(
    'AUTHSEAL_',
    'AUTHSEAL___PROTO__',
    'AUTHSEAL_REGION___PROTO___BUCKET',
    '__proto__',
  ),
);
const flags = settingsOfAll.map(({ flag }) => flag.replace('<name>', 'eu-1'));
const flag = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...flags) },
  fc.constantFrom(
    '--',
    '-',
    '--=',
    '--config',
    '--__proto__',
    '--json',
    '--partitions',
    '-h',
    '--constructor',
  ),
  text,
);
const flagList = fc.array(
  fc.oneof(
    flag,
    fc.tuple(flag, text).map(([as, value]) => `${as}=${value}`),
    fc.tuple(flag, text).map((pair) => pair.join(' ')),
    text,
  ),
  { maxLength: 8 },
);
const environment = fc
  .array(fc.tuple(name, text), { maxLength: 8 })
  .map((pairs): NodeJS.ProcessEnv => Object.fromEntries(pairs));

describe('settings', () => {
  it('in a file that was changed are taken or refused, each problem named', TIMEOUT, async () => {
    const before = await held();
    let taken = 0;
    fc.assert(
      fc.property(schema, mutated(FILES), environment, (of, { bytes }, env) => {
        if (load(of, { yaml: bytes, env: { AUTHSEAL_DEPLOYMENT: 'x', ...env } }) === null)
          taken += 1;
      }),
      cases(4000),
    );
    expect(taken).toBeGreaterThan(0);
    expect((await held()) - before).toBeLessThan(48);
  });

  it('in a file of whatever YAML, too', TIMEOUT, async () => {
    const before = await held();
    const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 25 });
    fc.assert(
      fc.property(schema, pieces, (of, all) => {
        load(of, { yaml: all.join('') });
      }),
      cases(3000),
    );
    expect((await held()) - before).toBeLessThan(48);
  });

  it('in environment and flags, too', TIMEOUT, async () => {
    const before = await held();
    fc.assert(
      fc.property(schema, environment, flagList, (of, env, given) => {
        load(of, { env, flags: given });
      }),
      cases(4000),
    );
    expect((await held()) - before).toBeLessThan(48);
  });

  it.each([
    ['aliases of aliases', `a: &a [x]\n${chain(30)}`],
    ['an alias of itself', 'kafkaBrokers: &a [*a, a:1]'],
    ['an alias of nothing', `kafkaSasl: { mechanism: plain, username: u, password: *${SECRET} }`],
    ['lists in lists', `deployment: ${'['.repeat(100_000)}`],
    ['maps in maps', `kafkaSasl: ${'{a: '.repeat(50_000)}`],
    ['a long key', `? ${'k'.repeat(2_000_000)}\n: 1`],
    ['a long text', `logLevel: ${'k'.repeat(2_000_000)}`],
    ['a date where keys are due', '%YAML 1.1\n---\nkafkaSasl: 2001-01-01\n'],
    ['a set where keys are due', '%YAML 1.1\n---\nkafkaSasl: !!set {password, username}\n'],
    ['keys that are lists', '? [a, b]\n: c\n? {d: e}\n: f\n'],
    ['a key of several lines', '"a\\nb\\u202ec\\x1b[31m": 1\n'],
  ])('in a file made to harm are refused: %s', TIMEOUT, (_, yaml) => {
    const lines = load(0, {
      yaml,
      env: { AUTHSEAL_DEPLOYMENT: 'x' },
    });
    expect(lines).not.toBeNull();
    for (const line of lines ?? []) {
      expect(line.length).toBeLessThan(1000);
      expect(line).not.toContain(SECRET);
    }
  });

  it('are each named that are wrong, in whatever source, and no others', TIMEOUT, () => {
    fc.assert(
      fc.property(fc.subarray(FAULTS, { minLength: 1 }), (faults) => {
        const env: NodeJS.ProcessEnv = { AUTHSEAL_DEPLOYMENT: 'x', AUTHSEAL_KAFKA_BROKERS: 'a:1' };
        const flags: string[] = [];
        const yaml: string[] = [];
        for (const { source, as, value } of faults) {
          if (source === 'env') env[as] = value;
          else if (source === 'flag') flags.push(value === '' ? as : `${as}=${value}`);
          else yaml.push(as.includes('.') ? 'kafkaSasl: { usrname: 1 }' : `${as}: ${value}`);
        }
        const lines = load(0, { env, flags, yaml: yaml.join('\n') });
        expect(lines?.join()).not.toContain(SECRET);
        const found = (lines ?? []).map((line) => line.trim().split(/[: ]/)[0]);
        expect(found.sort()).toEqual(faults.map(({ as }) => as).sort());
      }),
      cases(2000),
    );
  });
});

/** Each of ten of the one before. */
function chain(length: number): string {
  const lines = Array.from({ length }, (_, i) => {
    const before = i === 0 ? 'a' : `b${i - 1}`;
    return `b${i}: &b${i} [${Array(10).fill(`*${before}`).join()}]`;
  });
  return lines.join('\n');
}
