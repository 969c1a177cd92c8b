/** `authseal doctor` on the real stack: locks tried on a canary, topics and access rules looked at. */
import { type Stack, startStack } from '@authseal/deploy/local';
import kafkajs, { type AclEntry, type Admin } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../plain/commands.ts';
import { plainKafka } from '../plain/topic.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

let stack: Stack;
let admin: Admin;
beforeAll(async () => {
  stack = await startStack({ report: () => {} });
  admin = plainKafka(stack.kafkaBrokers).admin();
  await admin.connect();
});
afterAll(async () => {
  await admin?.disconnect();
  await stack?.stop();
});

type Check = { place: string; check: string; result: 'ok' | 'warn' | 'fail'; detail: string };

async function doctor(): Promise<{ code: number | null; wrong: Check[] }> {
  const { code, stdout } = await run('authseal', ['doctor', '--json'], stack.environment);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  return { code, wrong: checks.filter(({ result }) => result !== 'ok') };
}

const allow = (principal: string, resourceName: string, operation: number): AclEntry & object => ({
  resourceType: AclResourceTypes.TOPIC,
  resourceName,
  resourcePatternType: ResourcePatternTypes.LITERAL,
  principal,
  host: '*',
  operation,
  permissionType: AclPermissionTypes.ALLOW,
});

describe('authseal doctor', () => {
  it('finds nothing wrong with the local stack, but that one broker is for development only', async () => {
    const { code, wrong } = await doctor();
    expect(wrong).toEqual([
      expect.objectContaining({ check: '3 brokers or more', result: 'warn' }),
    ]);
    expect(code).toBe(0);
  });

  it('names who may delete or alter a topic, and that anybody may produce', async () => {
    await admin.createAcls({
      acl: [
        allow('User:mallory', 'auth-events', AclOperationTypes.DELETE),
        allow('User:ops', 'auth-batches', AclOperationTypes.ALTER_CONFIGS),
        allow('User:*', 'auth-events', AclOperationTypes.WRITE),
        allow('User:web', 'auth-events', AclOperationTypes.WRITE),
        allow('User:ingestor', 'auth-batches', AclOperationTypes.WRITE),
        allow('User:other', 'auth-batches', AclOperationTypes.WRITE),
      ],
    });
    const { code, wrong } = await doctor();
    const failed = wrong.filter(({ result }) => result === 'fail');
    const named = failed.map(({ check, detail }) => [
      check,
      ...(detail.match(/User:[\w*]+/g) ?? []),
    ]);
    expect(named).toEqual([
      ['auth-events: nobody may delete or alter it', 'User:mallory'],
      ['auth-batches: nobody may delete or alter it', 'User:ops'],
      ['auth-events: producers are authenticated', 'User:*'],
      ['auth-batches: only the ingestor writes', 'User:ingestor', 'User:other'],
    ]);
    expect(code).toBe(1);
  });
});
