import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const PASS_THREE_TIMES = `
  const { failpoint } = await import('${import.meta.dirname}/failpoint.ts');
  for (const time of [1, 2, 3]) {
    console.log('passing', time);
    failpoint('sent');
  }`;

function run(AUTHSEAL_TEST_FAILPOINT?: string) {
  const args = ['--input-type=module', '--eval', PASS_THREE_TIMES];
  const env = {
    PATH: process.env.PATH,
    ...(AUTHSEAL_TEST_FAILPOINT && { AUTHSEAL_TEST_FAILPOINT }),
  };
  const { signal, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  return { signal, passed: stdout.trim().split('\n').length, stderr };
}

describe('a failpoint', () => {
  it('does nothing unless the test switch names it', () => {
    expect(run()).toEqual({ signal: null, passed: 3, stderr: '' });
    expect(run('committed')).toMatchObject({ signal: null, passed: 3 });
  });

  it('ends the process as kill -9 does, at the passing that is asked for', () => {
    expect(run('sent')).toMatchObject({ signal: 'SIGKILL', passed: 1 });
    expect(run('sent:3')).toMatchObject({ signal: 'SIGKILL', passed: 3 });
  });

  it('is announced loudly when it is set', () => {
    expect(run('sent:3').stderr).toMatch(
      /^WARNING: AUTHSEAL_TEST_FAILPOINT .*kills itself.*"sent"/,
    );
  });
});
