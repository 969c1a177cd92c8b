/** `npm run demo` as a newcomer runs it: a process of its own, no terminal. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DATA = resolve(ROOT, process.env.AUTHSEAL_DATA ?? '../shared/data');
const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));

/** The first run fetches and builds the servers. */
const TIMEOUT_MS = 600_000;

function startDemo(...options: string[]) {
  const [, ...args] = (scripts.demo as string).split(' ');
  const demo = spawn(process.execPath, [...args, ...options], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let shown = '';
  demo.stdout.on('data', (chunk) => {
    shown += chunk;
  });
  const closed = once(demo, 'close') as Promise<[number | null]>;
  return {
    demo,
    shown: () => shown,
    /** Its exit status, once it has ended. */
    ended: async () => (await closed)[0],
  };
}

/** Folders of the stack of the demo with this process id. */
const foldersOf = (pid: number | undefined) =>
  readdirSync(`${ROOT}/.cache/stacks`).filter((name) => name.startsWith(`${pid}-`));

/** Command lines of processes that serve the stack of the demo with this process id. */
function leftOf(pid: number | undefined): string[] {
  const all = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  return all.split('\n').filter((line) => line.includes(`.cache/stacks/${pid}-`));
}

function expectTheStory(shown: string) {
  for (const line of [
    /[2-9]\d\d requests over HTTP, 2\d\d of them recorded before they were answered/,
    /sealed 2\d\d in \d+ batches \| eu-central-1 \d+ objects \| eu-west-1 \d+ objects/,
    /✓ intact: 8 logs, whole in eu-central-1 and eu-west-1, exit status 0/,
    /✓ access: 2\d\d events, as many as were sent, all in its signed chain/,
    /✓ delete this version +403 /,
    /✓ end its lock in a minute +403 /,
    /✓ downgrade its lock to GOVERNANCE +403 /,
    /INCIDENT OVERWRITTEN /,
    /INCIDENT DELETE_MARKER /,
    /NOT INTACT as of .*: 2 incidents/,
    /✓ verify noticed: exit status 1/,
    /every batch verifies by its version/,
    /npm run stack/,
    /All went as told, in \d+ s\./,
  ]) {
    expect(shown).toMatch(line);
  }
  expect(shown.match(/✓ delete this version/g)).toHaveLength(2);
  expect(shown).not.toContain('\u001b');
}

describe('npm run demo', () => {
  it(
    'tells its story, checks all of it, and leaves nothing running',
    async () => {
      const { demo, shown, ended } = startDemo();
      expect(await ended(), shown()).toBe(0);
      expectTheStory(shown());
      expect(leftOf(demo.pid)).toEqual([]);
      expect(foldersOf(demo.pid)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'ends everything when it is interrupted',
    async () => {
      const { demo, shown, ended } = startDemo();
      await expect.poll(shown, { timeout: TIMEOUT_MS }).toMatch(/sent \d+ events/);
      demo.kill('SIGINT');
      expect(await ended(), shown()).toBe(130);
      expect(shown()).not.toContain('All went as told');
      expect(leftOf(demo.pid)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'leaves nothing when it is interrupted before the stack is ready',
    async () => {
      const { demo, shown, ended } = startDemo();
      await expect.poll(() => foldersOf(demo.pid), { timeout: TIMEOUT_MS }).toHaveLength(1);
      demo.kill('SIGINT');
      expect(await ended(), shown()).toBe(130);
      await expect.poll(() => leftOf(demo.pid), { timeout: 60_000 }).toEqual([]);
      expect(foldersOf(demo.pid)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it('refuses files that are not there, or hold nothing to collect, before it starts anything', async () => {
    const folder = mkdtempSync(`${tmpdir()}/authseal-demo-`);
    writeFileSync(`${folder}/notes.txt`, 'no line of syslog\n');
    for (const args of [
      ['--sshd', 'no/such/auth.log'],
      ['--sshd', folder],
      ['--sshd', `${folder}/notes.txt`],
      ['--cloudtrail', `${folder}/notes.txt`],
    ]) {
      const { shown, ended } = startDemo(...args);
      expect(await ended(), args.join(' ')).toBe(2);
      expect(shown()).toBe('');
    }
    rmSync(folder, { recursive: true });
  });

  it.skipIf(!existsSync(DATA))(
    'takes real logs along (AUTHSEAL_DATA)',
    async () => {
      const sshd = `${DATA}/openssh/OpenSSH_2k.log`;
      const cloudtrail = `${DATA}/cloudtrail/*.json`;
      const { demo, shown, ended } = startDemo('--sshd', sshd, '--cloudtrail', cloudtrail);
      expect(await ended(), shown()).toBe(0);
      expectTheStory(shown());
      expect(shown()).toMatch(/✓ sshd: \d{3} events, as many as were sent/);
      expect(shown()).toMatch(/✓ cloudtrail: \d{2} events, as many as were sent/);
      expect(leftOf(demo.pid)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
