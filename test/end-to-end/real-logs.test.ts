/**
 * Real logs through the real stack: collected, sealed, archived in two regions, verified; the counts
 * per kind computed apart, from the logs themselves.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Stack, startStack } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, run, verify } from '../plain/commands.ts';
import { type Archive, expectExactlyOnce } from '../plain/exactly-once.ts';
import { itIsOkToAnotherReader } from '../plain/other-reader.ts';

const DATA = resolve(ROOT, process.env.AUTHSEAL_DATA ?? '../shared/data');
const SSHD = `${DATA}/openssh/OpenSSH_2k.log`;
const CLOUDTRAIL = globSync(`${DATA}/cloudtrail/*.json`).sort();

/** What an auditor counts with grep and jq. */
function expectedCounts(): Record<string, number> {
  const counts: Record<string, number> = {};
  const count = (kind: string, n = 1) => {
    counts[kind] = (counts[kind] ?? 0) + n;
  };
  for (const line of readFileSync(SSHD, 'latin1').split('\n')) {
    const [, times] = /message repeated (\d+) times: \[ ?Failed/.exec(line) ?? [];
    if (times !== undefined) count('LOGIN_FAILED', Number(times));
    else if (/: Failed \w+ for /.test(line)) count('LOGIN_FAILED');
    else if (/: Accepted \w+ for /.test(line)) count('LOGIN_SUCCEEDED');
  }
  for (const file of CLOUDTRAIL) {
    for (const { eventName, errorCode } of JSON.parse(readFileSync(file, 'utf8'))) {
      if (/AccessDenied|Unauthorized/.test(errorCode ?? '')) count('ACCESS_DENIED');
      else if (eventName === 'ConsoleLogin') count('LOGIN_SUCCEEDED');
      else if (eventName === 'AttachUserPolicy') count('ROLE_CHANGED');
      else if (eventName === 'UpdateAssumeRolePolicy') count('POLICY_UPDATED');
      else if (!/^ListSecrets$|^GetCallerIdentity$/.test(eventName)) count('OTHER');
    }
  }
  return counts;
}

describe.skipIf(!existsSync(SSHD))('real logs (AUTHSEAL_DATA)', () => {
  let stack: Stack;
  let archive: Archive;
  beforeAll(async () => {
    stack = await startStack({ report: () => {} });
    const sshd = ['sshd', '--year', '2015', SSHD];
    const collected = await run('authseal-collect', sshd, stack.environment);
    expect(collected.stderr + collected.code).toMatch(/0$/);
    for (const file of CLOUDTRAIL) {
      const { code } = await run('authseal-collect', ['cloudtrail', file], stack.environment);
      expect(code).toBe(0);
    }
    archive = await expectExactlyOnce(stack.kafkaBrokers, 'auth-events', stack.regions);
  });
  afterAll(() => stack?.stop());

  it('stand in both regions, each record exactly once', () => {
    const total = Object.values(expectedCounts()).reduce((sum, n) => sum + n, 0);
    expect(archive.records).toBe(total);
  });

  it('hold as many events of each kind as the logs', () => {
    for (const objects of archive.regions) {
      const counts: Record<string, number> = {};
      for (const { event } of objects.flatMap(({ entries }) => entries)) {
        counts[event.kind] = (counts[event.kind] ?? 0) + 1;
      }
      expect(counts).toEqual(expectedCounts());
    }
  });

  it('keep the address and the time of each attempt', () => {
    const events = archive.regions[0]?.flatMap(({ entries }) => entries).map(({ event }) => event);
    const accepted = events?.find(
      ({ kind, actor }) => kind === 'LOGIN_SUCCEEDED' && actor.id === 'fztu',
    );
    expect(accepted.source).toMatchObject({ ip: '119.137.62.142', port: 49116 });
    expect(new Date(accepted.time / 1000).toISOString()).toMatch(/^2015-12-10T09:32:20/);
  });

  it('verify', async () => {
    const { code, report } = await verify(stack.environment);
    expect(report.problems).toEqual([]);
    expect(code).toBe(0);
    expect(report.producers.reduce((sum, { events }) => sum + events, 0)).toBe(archive.records);
  });

  it('can be exported, each event once', async () => {
    const range = ['--from', '2000-01-01', '--to', '2100-01-01'];
    const { code, stdout } = await run('authseal', ['export', ...range], stack.environment);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n').length).toBe(archive.records);
  });

  itIsOkToAnotherReader(() => stack);
});
