/** The command as a process: what it prints where, and its exit status. Without any region. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';

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
      AUTHSEAL_REGIONS: 'a,b',
      AUTHSEAL_REGION_A_BUCKET: 'abc',
      AUTHSEAL_REGION_B_BUCKET: 'abc',
    };
    const { status, stderr } = authseal(['list', '--region', 'c'], env);
    expect(status).toBe(2);
    expect(stderr).toBe('--region: found c; expected one or more of a, b.\n');
  });

  it('exits with 3 when a region cannot be reached, and says which', () => {
    const keys = `${directory}/keys`;
    writeFileSync(
      keys,
      authseal(['keys', 'generate', `${directory}/k.pem`, '--name', 'test']).stdout,
    );
    const { status, stderr } = authseal(['verify'], {
      AUTHSEAL_REGIONS: 'eu-west-1',
      AUTHSEAL_REGION_EU_WEST_1_ENDPOINT: 'http://127.0.0.1:1',
      AUTHSEAL_REGION_EU_WEST_1_BUCKET: 'abc',
      AUTHSEAL_REGION_EU_WEST_1_ACCESS_KEY_ID: 'x',
      AUTHSEAL_REGION_EU_WEST_1_SECRET_ACCESS_KEY: 'x',
      AUTHSEAL_KEYS: keys,
    });
    expect(status).toBe(3);
    expect(stderr).toMatch(/^Could not finish.* region eu-west-1/);
  });
});

describe('authseal keys', () => {
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
