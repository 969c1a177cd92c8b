import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPidFile } from './process-identity.ts';
import { startStack } from './stack.ts';

const CLI = fileURLToPath(new URL('./cli.ts', import.meta.url));

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(`${tmpdir()}/authseal-stack-`);
});
afterAll(async () => {
  await stack('down');
  rmSync(directory, { recursive: true, force: true });
});

/** Runs `npm run stack…` in the test's directory, in surroundings that give no addresses. */
async function stack(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('AUTHSEAL_')),
  );
  const run = promisify(execFile)(process.execPath, [CLI, ...args, '--directory', directory], {
    env,
  });
  return run.then(
    (output) => ({ code: 0, ...output }),
    (error) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  );
}

/** Part → its line of the table. */
const lines = (stdout: string) =>
  new Map(
    stdout
      .split('\n')
      .slice(1)
      .map((line) => [line.split(/\s+/)[0], line]),
  );

describe('npm run stack', () => {
  it('shows that nothing runs before it was started', async () => {
    expect(await stack('status')).toMatchObject({
      code: 1,
      stderr: 'No stack runs. Start it: npm run stack\n',
    });
  });

  it.each([
    ['up', 'npm run stack -- [options]'],
    ['status', 'npm run stack:status -- [options]'],
    ['down', 'npm run stack:down -- [options]'],
  ])(
    'refuses a flag that %s does not have, and says how it is used: %s',
    async (command, usage) => {
      const { code, stderr } = await stack(command, '--bogus');
      expect(code).toBe(2);
      expect(stderr).toContain("unknown option '--bogus'");
      expect(stderr).toContain(`Usage: ${usage}`);
    },
  );

  it('returns with --detach when every part is ready, and shows where each is', async () => {
    const { code, stdout, stderr } = await stack('up', '--detach');
    expect(code, stderr).toBe(0);
    const names = ['kafka', 's3-eu-central-1', 's3-eu-west-1', 'ingestor'];
    for (const name of [...names, 'archiver-eu-central-1', 'archiver-eu-west-1']) {
      expect(lines(stdout).get(name)).toMatch(/ ready .*127\.0\.0\.1:\d+/);
    }
    expect(await stack('status')).toMatchObject({ code: 0, stdout });
  });

  it('writes every variable that a command needs as shell assignments', async () => {
    const script = `. ${directory}/env && env && cat $AUTHSEAL_KEYS`;
    const { stdout } = await promisify(execFile)('sh', ['-c', script]);
    for (const line of [
      /^AUTHSEAL_DEPLOYMENT=local$/m,
      /^AUTHSEAL_KAFKA_BROKERS=127\.0\.0\.1:\d+$/m,
      /^AUTHSEAL_REGIONS=eu-central-1,eu-west-1$/m,
      /^AUTHSEAL_REGION_EU_WEST_1_ENDPOINT=http:\/\/127\.0\.0\.1:\d+$/m,
      /^AUTHSEAL_REGION_EU_WEST_1_BUCKET=authseal$/m,
      /^AUTHSEAL_PRODUCERS=\/.*$/m,
      /^local\+[0-9a-f]{8}\+/m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  it('is refused while one runs', async () => {
    const second = await stack('up', '--detach');
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`A stack runs already in ${directory}`);
  });

  it('ends with stack:down, and has its addresses and data again when started anew', async () => {
    const before = readFileSync(`${directory}/env`, 'utf8');
    expect(await stack('down')).toMatchObject({ code: 0 });
    expect(await stack('status')).toMatchObject({ code: 1 });
    expect(existsSync(`${directory}/env`)).toBe(false);

    expect(await stack('up', '--detach')).toMatchObject({ code: 0 });
    expect(readFileSync(`${directory}/env`, 'utf8')).toBe(before);
    const init = readFileSync(`${directory}/services/init.log`, 'utf8');
    expect(init).toContain('0 begun now');
  });

  it('is shown as broken when a part is gone', async () => {
    const { pid = 0 } = readPidFile(`${directory}/services/archiver-eu-west-1.pid`) ?? {};
    process.kill(pid, 'SIGKILL');
    const { code, stdout } = await stack('status');
    expect(code).toBe(1);
    expect(lines(stdout).get('archiver-eu-west-1')).toContain(' gone ');
    expect(lines(stdout).get('archiver-eu-central-1')).toContain(' ready ');
  });

  it('leaves nothing after stack:down --wipe', async () => {
    expect(await stack('down', '--wipe')).toMatchObject({ code: 0 });
    expect(existsSync(directory)).toBe(false);
  });
});

describe('a stack whose services cannot start', () => {
  it('says why and stops the servers', async () => {
    const settings = { AUTHSEAL_RETENTION: 'for ever' };
    const folder = mkdtempSync(`${tmpdir()}/authseal-stack-`);
    const started = startStack({ environment: {}, directory: folder, settings });
    await expect(started).rejects.toMatchObject({
      code: 'INIT_FAILED',
      message: expect.stringContaining('AUTHSEAL_RETENTION: found "for ever"'),
    });
    expect(readPidFile(`${folder}/kafka/pid`)).toBeNull();
    rmSync(folder, { recursive: true });
  });
});
