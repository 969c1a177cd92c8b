/** The command as a process: what it prints where, and its exit status. Without any region. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { newPem, vkeyOf } from '../testing/sealed-log.ts';

const MAIN = new URL('main.ts', import.meta.url).pathname;
const directory = mkdtempSync(`${tmpdir()}/authseal-cli-`);
afterAll(() => rmSync(directory, { recursive: true }));

function authseal(args: string[], env: Record<string, string> = {}) {
  const { PATH = '' } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    env: { PATH, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** With standard output at this file descriptor. */
function authsealTo(fd: number, args: string[]) {
  const stdio = ['ignore' as const, fd, 'pipe' as const];
  const child = spawnSync(process.execPath, [MAIN, ...args], { stdio, encoding: 'utf8' });
  closeSync(fd);
  return { status: child.status, stderr: child.stderr };
}

/** A region that is not there, and keys of a deployment. */
const REGION = {
  AUTHSEAL_REGIONS: 'eu-west-1',
  AUTHSEAL_REGION_EU_WEST_1_ENDPOINT: 'http://127.0.0.1:1',
  AUTHSEAL_REGION_EU_WEST_1_BUCKET: 'abc',
  AUTHSEAL_REGION_EU_WEST_1_ACCESS_KEY_ID: 'x',
  AUTHSEAL_REGION_EU_WEST_1_SECRET_ACCESS_KEY: 'x',
};
const keys = `${directory}/keys`;
writeFileSync(keys, `${vkeyOf(newPem(), 'test')}\n`);
const picture = `${directory}/picture.jpg`;
writeFileSync(picture, Buffer.from('ffd8ffe000104a4649460001011b5b33316d', 'hex'));

describe('authseal', () => {
  it('exits with 0 for help', () => {
    const { status, stdout } = authseal(['verify', '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('--accept <file>');
  });

  it.each([
    [[], /Usage: authseal/],
    [['frobnicate'], /unknown command 'frobnicate'/],
    [['verify', '--frobnicate'], /unknown option '--frobnicate'/],
    [['verify', '--from', 'yesterday'], /expected a time such as/],
    [['export', '--kind', 'LOGIN'], /Allowed choices are LOGIN_SUCCEEDED/],
    [['verify', '--region', 'a,,b'], /expected names joined by commas/],
    [['pull'], /missing required argument 'dir'/],
    [['keys', 'public', '/nowhere', '--name', 'x'], /\/nowhere cannot be read/],
  ])('exits with 2 and says what was expected: %j', (args, said) => {
    const { status, stdout, stderr } = authseal(args);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(said);
  });

  it('names every setting that is missing', () => {
    const { status, stderr } = authseal(['verify', '--grace', 'soon']);
    expect(status).toBe(2);
    for (const name of ['AUTHSEAL_REGIONS', 'AUTHSEAL_KEYS', '--grace'])
      expect(stderr).toContain(name);
  });

  it('knows the configured regions only', () => {
    const env = {
      AUTHSEAL_KEYS: keys,
      AUTHSEAL_REGIONS: 'a,b',
      AUTHSEAL_REGION_A_BUCKET: 'abc',
      AUTHSEAL_REGION_B_BUCKET: 'abc',
    };
    const { status, stderr } = authseal(['list', '--region', 'c'], env);
    expect(status).toBe(2);
    expect(stderr).toBe('--region: found c; expected one or more of a, b.\n');
  });

  it('exits with 3 when a region cannot be reached, and says which', () => {
    const { status, stderr } = authseal(['verify'], { ...REGION, AUTHSEAL_KEYS: keys });
    expect(status).toBe(3);
    expect(stderr).toMatch(/^Could not finish.* region eu-west-1/);
  });

  it.each([
    ['--keys', ['verify', '--keys', picture], /file of keys is refused/],
    ['--producers', ['verify', '--keys', keys, '--producers', picture], /producer keys is refused/],
    ['--accept', ['verify', '--keys', keys, '--accept', picture], /accepted incidents is refused/],
    ['--keys of list', ['list', '--keys', picture], /file of keys is refused/],
  ])('names the file and the line that %s refuses, and what it shows is plain', (_, args, said) => {
    const { status, stderr } = authseal(args, REGION);
    expect(status).toBe(2);
    expect(stderr).toMatch(said);
    expect(stderr.startsWith(`${picture}: Line 1 of the file of `)).toBe(true);
    expect(stderr).toContain('\\u{0}\\u{10}JFIF\\u{0}\\u{1}\\u{1}\\u{1b}[31m');
    expect(stderr).not.toContain('\u001b');
  });

  it('refuses the file of deployment keys as the one of producers', () => {
    const args = ['verify', '--keys', keys, '--producers', keys];
    const { status, stderr } = authseal(args, REGION);
    expect(status).toBe(2);
    expect(stderr).toMatch(/keys: Line 1 .* named "test" as the deployment is/);
  });

  it('reads a file that an editor began with a byte order mark', () => {
    const marked = `${directory}/marked`;
    writeFileSync(marked, `\ufeff# ours\n${readFileSync(keys, 'utf8')}`);
    expect(authseal(['verify', '--keys', marked], REGION).status).toBe(3);
  });

  it.each([
    ['that is a file', () => picture, /is there already/],
    ['below a file', () => `${picture}/x`, /is no directory/],
    ['that holds something', () => directory, /is not empty/],
  ])('pulls to no directory %s', (_, path, said) => {
    const { status, stderr } = authseal(['pull', path()], { ...REGION, AUTHSEAL_KEYS: keys });
    expect(status).toBe(2);
    expect(stderr).toMatch(said);
    expect(stderr).not.toContain('    at ');
  });
});

describe('standard output', () => {
  it('that nobody reads any longer stops the command with 3, for nothing else is certain', () => {
    const pipe = `${directory}/pipe`;
    spawnSync('sh', ['-c', `mkfifo ${pipe}`]);
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(pipe, constants.O_WRONLY);
    closeSync(reader);
    expect(authsealTo(writer, ['--help'])).toEqual({
      status: 3,
      stderr: 'Could not finish: standard output takes no more: whoever read it has closed it.\n',
    });
  });

  it.skipIf(!existsSync('/dev/full'))('on a full disk stops the command with 3', () => {
    expect(authsealTo(openSync('/dev/full', 'w'), ['--help'])).toEqual({
      status: 3,
      stderr: expect.stringMatching(/^Could not finish: .*no space left.*\n$/),
    });
  });
});

describe('authseal keys', () => {
  it('says which path is wrong, without a trace', () => {
    const file = `${directory}/nowhere/shop.pem`;
    expect(authseal(['keys', 'generate', file, '--name', 'shop'])).toEqual({
      status: 2,
      stdout: '',
      stderr: `${file} cannot be written: its directory does not exist. Name another path.\n`,
    });
    const { status, stderr } = authseal(['keys', 'public', picture, '--name', 'shop']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/picture\.jpg: The signing key is no private key/);
  });

  it('makes a key that only its owner reads, and shows the same public key again', () => {
    const file = `${directory}/shop.pem`;
    const made = authseal(['keys', 'generate', file, '--name', 'shop']);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toMatch(/^shop\+[0-9a-f]{8}\+\S+\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(authseal(['keys', 'public', file, '--name', 'shop']).stdout).toBe(made.stdout);
  });

  it('never overwrites', () => {
    const file = `${directory}/kept`;
    writeFileSync(file, 'kept');
    const { status, stderr } = authseal(['keys', 'generate', file, '--name', 'shop']);
    expect(status).toBe(2);
    expect(stderr).toContain('never overwritten');
    expect(readFileSync(file, 'utf8')).toBe('kept');
  });
});
