/**
 * The border of the command line: whatever stands on it, each of the four commands ends as it says: 0
 * for help and for what needs no server, 2 for what is to be put right, and for a collector 1 when a
 * file cannot be read. It says something, shows no trace, and tries to connect to nothing.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../plain/commands.ts';
import { mutation } from './mutations.ts';
import { cases, TIMEOUT } from './rounds.ts';
import type { Result, Run } from './run-commands.ts';

/** What a command's words may be, and with which status it may end. */
type Command = { main: string; words: string[]; flags: string[]; ends: number[] };

const VALUES = ['--from', '--to', '--at', '--grace', '--accept', '--region', '--config', '--keys'];
const COMMANDS: Record<string, Command> = {
  authseal: {
    main: 'verifier/src/cli/main.ts',
    words: [
      'verify',
      'list',
      'pull',
      'export',
      'keys',
      'keys generate',
      'keys public',
      'doctor',
      'help',
    ],
    flags: [
      ...VALUES,
      '--producers',
      '--json',
      '--batches',
      '--kind',
      '--actor',
      '--service',
      '--name',
    ],
    ends: [0, 2],
  },
  'authseal-ingestor': {
    main: 'ingestor/src/main.ts',
    words: ['serve', 'init', 'close', 'recover', 'help'],
    flags: [
      '--partitions',
      '--config',
      '--deployment',
      '--linger',
      '--heartbeat',
      '--kafka-ssl',
      '--keys',
    ],
    ends: [0, 2],
  },
  'authseal-archiver': {
    main: 'archiver/src/main.ts',
    words: ['backfill', '--help'],
    flags: [
      '--config',
      '--deployment',
      '--region',
      '--regions',
      '--region-eu-bucket',
      '--max-retention',
    ],
    ends: [0, 2],
  },
  'authseal-collect': {
    main: 'producer-sdk/src/collect/cli.ts',
    words: ['sshd', 'cloudtrail', 'sshd --dry-run', 'cloudtrail --dry-run', 'help'],
    flags: ['--service', '--topic', '--tenant', '--dry-run', '--year'],
    ends: [0, 1, 2],
  },
};

const folder = mkdtempSync(join(tmpdir(), 'authseal-fuzz-'));
const FILES = {
  log: 'Dec 10 06:55:48 h sshd[1]: Accepted password for a from 192.0.2.1 port 1 ssh2\n',
};
for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
writeFileSync(join(folder, 'trail.json'), '[{"eventID":1},{}]');
writeFileSync(join(folder, 'settings.yaml'), 'deployment: x\nnonsense: 1\n');

let child: ChildProcess;
beforeAll(() => {
  const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('AUTHSEAL_'));
  const env = Object.fromEntries(outside);
  child = fork(`${import.meta.dirname}/run-commands.ts`, { cwd: folder, env, execArgv: [] });
});
afterAll(() => {
  child?.disconnect();
  rmSync(folder, { recursive: true });
});

/** Milliseconds that no run may take: a thousand times what one does. */
const LONG = 30_000;

async function run(main: string, args: string[], env: Record<string, string>): Promise<Result> {
  child.send({ main: `${ROOT}/${main}`, args, env } satisfies Run);
  const [result] = await once(child, 'message', { signal: AbortSignal.timeout(LONG) });
  return result;
}

const WORDS = [
  'x',
  '',
  '-',
  '--',
  '--=',
  '-h',
  '--help',
  '--version',
  '-V',
  '..',
  '__proto__',
  '--__proto__',
];
const TEXTS = [
  '2026-01-31',
  '2026-02-30',
  '2026-01-31T12:00:00Z',
  '15m',
  'LOGIN_FAILED',
  'shop',
  '2025',
];
const word = fc.oneof(
  fc.constantFrom(...WORDS, ...TEXTS, 'log', 'trail.json', 'settings.yaml', 'nowhere'),
  fc.string({ unit: 'grapheme', maxLength: 10 }),
  fc.constant('x'.repeat(5000)),
);
/** An argument cannot hold NUL; a path leads nowhere else. */
const clean = (argument: string) => argument.replaceAll(/[\0/\\]/g, '');

const argumentsOf = ({ words, flags }: Command) => {
  const flag = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...flags) },
    fc
      .tuple(fc.constantFrom(...flags), mutation)
      .map(([of, mutate]) => mutate(Buffer.from(of)).toString().toWellFormed()),
  );
  const rest = fc.array(
    fc.oneof(
      fc.tuple(flag, word),
      fc.tuple(flag, word).map(([name, value]) => [`${name}=${value}`]),
      fc.tuple(flag),
      fc.tuple(word),
    ),
    { maxLength: 6 },
  );
  const first = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...words).map((text) => text.split(' ')) },
    fc.tuple(word),
    fc.constant([]),
  );
  return fc.tuple(first, rest).map((parts) => parts.flat(2).map(clean));
};

/** Never enough to begin with: no brokers, no bucket. */
const environment = fc.dictionary(
  fc.constantFrom(
    'AUTHSEAL_DEPLOYMENT',
    'AUTHSEAL_GRACE',
    'AUTHSEAL_KAFKA_SSL',
    'AUTHSEAL_NONSENSE',
  ),
  word.map(clean),
  { maxKeys: 2, noNullPrototype: true },
);

describe.each(Object.entries(COMMANDS))('%s', (_, command) => {
  it('ends as it says, whatever its arguments', TIMEOUT, async () => {
    const ends = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(argumentsOf(command), environment, async (args, env) => {
        const { status, stdout, stderr, connected, uncaught } = await run(command.main, args, env);
        expect(uncaught).toEqual([]);
        expect(connected).toBe(false);
        expect(command.ends, stderr).toContain(status);
        expect(`${stdout}${stderr}`).not.toMatch(/^ +at .+:\d+/m);
        expect(status === 0 ? stdout + stderr : stderr).not.toBe('');
        ends.set(status, (ends.get(status) ?? 0) + 1);
      }),
      cases(2500),
    );
    for (const status of command.ends)
      expect(ends.get(status), `status ${status}`).toBeGreaterThan(0);
  });
});
