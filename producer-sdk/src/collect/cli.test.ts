import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('./cli.ts', import.meta.url));
const folder = mkdtempSync(`${tmpdir()}/authseal-collect-`);
afterAll(() => rmSync(folder, { recursive: true }));

const line = (n: number, message: string) =>
  `Dec 10 06:55:${10 + n} LabSZ sshd[${n}]: ${message}\r\n`;
const LOG =
  line(1, 'Failed password for root from 192.0.2.1 port 1 ssh2') +
  line(2, 'Connection closed by 192.0.2.1 [preauth]') +
  line(3, 'Accepted password for ana from 192.0.2.2 port 2 ssh2');

interface Run {
  status: number | null;
  out: string;
  err: string;
}

function collect(args: string[], input: string | Buffer = '', env = {}): Promise<Run> {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { PATH: process.env.PATH, ...env },
  });
  const run: Run = { status: null, out: '', err: '' };
  child.stdout.on('data', (data) => (run.out += data));
  child.stderr.on('data', (data) => (run.err += data));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve) => {
    child.on('close', (status) => resolve({ ...run, status }));
  });
}

function file(name: string, content: string | Buffer): string {
  writeFileSync(`${folder}/${name}`, content);
  return `${folder}/${name}`;
}

const count = (run: Run, name: string) =>
  Number(new RegExp(`^ *${name} +(\\d+)$`, 'm').exec(run.err)?.[1]);

describe('authseal-collect', () => {
  it('prints the events of a dry run, and the account of all lines on standard error', async () => {
    const run = await collect(
      ['sshd', '--dry-run', '--year', '2025', '--tenant', 'acme', '-'],
      LOG,
    );
    expect(run.status).toBe(0);
    const events = run.out
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(events).toMatchObject([
      { kind: 'LOGIN_FAILED', service: 'sshd', tenant: 'acme', actor: { id: 'root' } },
      { kind: 'LOGIN_SUCCEEDED', actor: { id: 'ana' } },
    ]);
    expect(count(run, 'lines read')).toBe(3);
    expect(count(run, 'connection')).toBe(1);
    expect(count(run, 'LOGIN_FAILED')).toBe(1);
  });

  it('reads gzip files, and goes on after a file that it cannot read', async () => {
    const whole = file('auth.log.1.gz', gzipSync(LOG));
    const cut = file('auth.log.2.gz', gzipSync(LOG).subarray(0, 60));
    const run = await collect(['sshd', '--dry-run', `${folder}/none`, folder, cut, whole]);
    expect(run.status).toBe(1);
    expect(run.err).toMatch(/none: cannot be read after 0 bytes: ENOENT/);
    expect(run.err).toMatch(/cannot be read after 0 bytes: EISDIR/);
    expect(run.err).toMatch(
      /auth\.log\.2\.gz: cannot be read after 60 bytes: unexpected end of file/,
    );
    expect(count(run, 'LOGIN_SUCCEEDED')).toBe(1);
  });

  it('names a gzip file behind whose end more follows, be it behind zeros', async () => {
    const padded = Buffer.concat([gzipSync(LOG), Buffer.alloc(512), gzipSync(LOG)]);
    const run = await collect(['sshd', '--dry-run', file('auth.log.3.gz', padded)]);
    expect(run.status).toBe(1);
    expect(run.err).toMatch(/auth\.log\.3\.gz: cannot be read after \d+ bytes: gzip ends at byte/);
    expect(count(run, 'lines read')).toBe(3);
  });

  it('tells where CloudTrail records are malformed, and where a file breaks off', async () => {
    const run = await collect(['cloudtrail', '--dry-run', '-'], '[{"a":1},{"b":nope},{"c":');
    expect(run.status).toBe(1);
    expect(run.err).toContain('standard input, byte 1: no CloudTrail record');
    expect(run.err).toContain('standard input, byte 9: not JSON');
    expect(run.err).toContain('standard input: byte 25: expected the end of the record');
    expect(count(run, 'records read')).toBe(2);
  });

  it('says what is wrong with its flags and its environment, all at once', async () => {
    expect(await collect(['sshd'])).toMatchObject({ status: 2 });
    expect(await collect(['nginx', '-'])).toMatchObject({ status: 2 });
    expect(await collect(['sshd', '--year', 'soon', '-'])).toMatchObject({ status: 2 });
    const unset = await collect(['sshd', '-']);
    expect(unset.status).toBe(2);
    expect(unset.err).toContain('AUTHSEAL_DEPLOYMENT');
    expect(unset.err).toContain('AUTHSEAL_KAFKA_BROKERS');
    const env = { AUTHSEAL_DEPLOYMENT: 'a b', AUTHSEAL_KAFKA_BROKERS: 'localhost' };
    const wrong = await collect(['sshd', '-'], '', env);
    expect(wrong.status).toBe(2);
    expect(wrong.err).toMatch(/deployment: expected .*\n.*kafka\.brokers\.0: expected host:port/);
    expect((await collect(['--help'])).status).toBe(0);
  });

  it('stops by signal while nothing arrives', async () => {
    const child = spawn(process.execPath, [CLI, 'sshd', '--dry-run', '-'], {
      env: { PATH: process.env.PATH },
    });
    let err = '';
    child.stderr.on('data', (data) => {
      err += data;
    });
    child.stdout.once('data', () => child.kill('SIGINT'));
    child.stdin.write(LOG);
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect(status).toBe(1);
    expect(err).toContain(`standard input: cannot be read after ${LOG.length} bytes`);
  });

  it('ends before it reads anything when Kafka is away, and says what to do', async () => {
    const env = { AUTHSEAL_DEPLOYMENT: 'test', AUTHSEAL_KAFKA_BROKERS: '127.0.0.1:1' };
    const run = await collect(['sshd', file('auth.log', LOG)], '', env);
    expect(run.status).toBe(1);
    expect(run.err).toMatch(
      /^authseal-collect: Kafka at 127\.0\.0\.1:1 cannot be reached .*ECONNREFUSED.*AUTHSEAL_KAFKA_BROKERS.*\n$/,
    );
  });

  it('refuses a variable that Authseal does not know', async () => {
    const env = { AUTHSEAL_DEPLOYMENT: 'test', AUTHSEAL_KAFKA_BROKER: '127.0.0.1:1' };
    const run = await collect(['sshd', '-'], LOG, env);
    expect(run.status).toBe(2);
    expect(run.err).toContain('did you mean AUTHSEAL_KAFKA_BROKERS?');
  });
});
