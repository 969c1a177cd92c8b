import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeEvent } from '@authseal/schemas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completeEvent, type EventInput } from '../event-input.ts';
import { parseCloudTrail } from './cloudtrail.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const DATA = resolve(REPOSITORY, process.env.AUTHSEAL_DATA ?? '../shared/data');

type Fields = Record<string, unknown>;

const alice = {
  type: 'IAMUser',
  arn: 'arn:aws:iam::111122223333:user/alice',
  userName: 'alice',
  accessKeyId: 'AKIAEXAMPLE',
};

const parse = (record: unknown) => parseCloudTrail(JSON.stringify(record), { tenant: 'acme' });

const call = (eventSource: string, eventName: string, more: Fields = {}) => ({
  eventID: '5e9b1f0c-0000-4000-8000-000000000001',
  eventTime: '2026-08-01T13:33:28Z',
  eventSource: `${eventSource}.amazonaws.com`,
  eventName,
  awsRegion: 'eu-central-1',
  sourceIPAddress: '192.0.2.7',
  userAgent: 'aws-cli/2',
  readOnly: false,
  userIdentity: alice,
  ...more,
});

function eventOf(record: unknown): EventInput {
  const outcome = parse(record);
  if (!('events' in outcome)) throw new Error(JSON.stringify(outcome));
  const [event] = outcome.events as [EventInput];
  encodeEvent(completeEvent(event, 'cloudtrail'));
  return event;
}

describe('a record of CloudTrail', () => {
  it('keeps id, time, address, user agent, region and parameters', () => {
    const event = eventOf(call('iam', 'CreateUser', { requestParameters: { userName: 'eve' } }));
    expect(event).toMatchObject({
      kind: 'OTHER',
      time: Date.UTC(2026, 7, 1, 13, 33, 28) * 1000,
      tenant: 'acme',
      actor: { type: 'USER', id: alice.arn, name: 'alice' },
      target: { type: 'user', id: 'eve' },
      source: { ip: '192.0.2.7', userAgent: 'aws-cli/2' },
      sourceId: '5e9b1f0c-0000-4000-8000-000000000001',
      attributes: { awsRegion: 'eu-central-1', requestParameters: '{"userName":"eve"}' },
    });
  });

  it.each(['constructor', 'toString', '__proto__', 'valueOf'])(
    'takes the name %s, which every object has, for a name as any other',
    (name) => {
      const identity = {
        type: name,
        arn: 'a',
        sessionContext: { sessionIssuer: { type: name, arn: 'b' } },
      };
      expect(eventOf(call('iam', 'CreateUser', { userIdentity: identity }))).toMatchObject({
        actor: { type: 'ANONYMOUS', id: 'a' },
        onBehalfOf: [{ type: 'ANONYMOUS', id: 'b' }],
      });
      const named = { errorCode: 'AccessDenied', requestParameters: { name: 'it' } };
      expect(eventOf(call(name, 'CreateThing', named)).target).toEqual({ type: 'name', id: 'it' });
      expect(eventOf(call('iam', name, named)).kind).toBe('ACCESS_DENIED');
      expect(eventOf(call('iam', name)).kind).toBe('OTHER');
    },
  );

  it('has the same event id whenever it is collected', () => {
    const record = call('iam', 'CreateUser');
    expect(eventOf(record).id).toBe(eventOf(record).id);
    expect(eventOf({ ...record, eventID: 'another' }).id).not.toBe(eventOf(record).id);
  });

  it('of a login at the console tells whether it succeeded and with which factors', () => {
    const login = (ConsoleLogin: string, MFAUsed: string) =>
      eventOf(
        call('signin', 'ConsoleLogin', {
          responseElements: { ConsoleLogin },
          additionalEventData: { MFAUsed },
        }),
      );
    expect(login('Success', 'Yes')).toMatchObject({
      kind: 'LOGIN_SUCCEEDED',
      login: { method: 'password', mfa: true },
    });
    expect(login('Failure', 'No')).toMatchObject({
      kind: 'LOGIN_FAILED',
      login: { method: 'password', mfa: false },
      reason: 'ConsoleLogin failed',
    });
  });

  it('of a refused call is ACCESS_DENIED, whatever the call', () => {
    const message =
      'User: arn:aws:iam::1:user/alice is not authorized to perform: s3:ListBuckets on resource: ' +
      'arn:aws:s3:::x because no identity-based policy allows the s3:ListBuckets action';
    const denied = { errorCode: 'AccessDenied', errorMessage: message, readOnly: true };
    expect(eventOf(call('s3', 'ListBuckets', denied))).toMatchObject({
      kind: 'ACCESS_DENIED',
      reason: message,
      accessDenial: {
        resource: 'arn:aws:s3:::x',
        action: 's3:ListBuckets',
        policy: 'identity-based policy',
      },
    });
    const bare = { errorCode: 'Client.UnauthorizedOperation' };
    expect(eventOf(call('ec2', 'RunInstances', bare))).toMatchObject({
      accessDenial: { resource: 'ec2', action: 'ec2:RunInstances', policy: null },
    });
  });

  it('of a refused call with a message of any length is read at once', () => {
    const errorMessage = 'because no '.repeat(90_000);
    const before = performance.now();
    expect(
      eventOf(call('s3', 'GetObject', { errorCode: 'AccessDenied', errorMessage })),
    ).toMatchObject({
      accessDenial: { policy: null },
    });
    // It took minutes once.
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it('that is skipped says why in what a terminal may show', () => {
    expect(parse(call('ec2\u001b[31m', `Describe\u202e${'x'.repeat(200)}`))).toEqual({
      skipped: `not about access: ec2?[31m Describe?${'x'.repeat(62)}`,
    });
  });

  it('that gives an administrator policy is an escalation, one that gives another is none', () => {
    const attach = (policyArn: string) =>
      eventOf(
        call('iam', 'AttachUserPolicy', { requestParameters: { policyArn, userName: 'eve' } }),
      );
    expect(attach('arn:aws:iam::aws:policy/AdministratorAccess')).toMatchObject({
      kind: 'ROLE_CHANGED',
      target: { type: 'user', id: 'eve' },
      roleChange: { change: 'GRANTED', privilegeEscalation: true, previousRoles: [], newRoles: [] },
      attributes: { before: 'unknown', after: 'unknown' },
    });
    expect(attach('arn:aws:iam::aws:policy/ReadOnlyAccess')).toMatchObject({
      roleChange: { privilegeEscalation: false },
    });
  });

  it('that writes a policy of everything into a role is an escalation too', () => {
    const put = (Statement: unknown) =>
      eventOf(
        call('iam', 'PutRolePolicy', {
          requestParameters: {
            roleName: 'ci',
            policyName: 'all',
            policyDocument: JSON.stringify({ Statement }),
          },
        }),
      );
    expect(put({ Effect: 'Allow', Action: '*', Resource: '*' })).toMatchObject({
      target: { type: 'role', id: 'ci' },
      roleChange: { role: 'all', privilegeEscalation: true },
    });
    expect(put([{ Effect: 'Allow', Action: ['s3:Get*'], Resource: ['*'] }])).toMatchObject({
      roleChange: { privilegeEscalation: false },
    });
  });

  it('that takes a role away is REVOKED', () => {
    const requestParameters = { groupName: 'admins', userName: 'eve' };
    expect(eventOf(call('iam', 'RemoveUserFromGroup', { requestParameters }))).toMatchObject({
      kind: 'ROLE_CHANGED',
      target: { type: 'user', id: 'eve' },
      roleChange: { role: 'admins', change: 'REVOKED', privilegeEscalation: false },
    });
  });

  it('of a policy says which, and its versions as far as they are known', () => {
    const requestParameters = { policyName: 'p', policyDocument: '{}' };
    const policy = { arn: 'arn:aws:iam::1:policy/p', defaultVersionId: 'v1' };
    expect(
      eventOf(call('iam', 'CreatePolicy', { requestParameters, responseElements: { policy } })),
    ).toMatchObject({
      kind: 'POLICY_UPDATED',
      policyUpdate: { policy: policy.arn, previousVersion: '', newVersion: 'v1', diff: '{}' },
    });
    expect(
      eventOf(call('iam', 'DeletePolicy', { requestParameters: { policyArn: policy.arn } })),
    ).toMatchObject({
      policyUpdate: { policy: policy.arn, previousVersion: 'unknown', newVersion: '', diff: '' },
    });
    expect(
      eventOf(
        call('lambda', 'AddPermission20150331v2', { requestParameters: { functionName: 'f' } }),
      ),
    ).toMatchObject({ kind: 'POLICY_UPDATED', policyUpdate: { policy: 'f' } });
  });

  it('that deletes a user is USER_TERMINATED', () => {
    expect(
      eventOf(call('iam', 'DeleteUser', { requestParameters: { userName: 'eve' } })),
    ).toMatchObject({
      kind: 'USER_TERMINATED',
      target: { type: 'user', id: 'eve' },
      termination: { reason: 'DeleteUser', sessionsRevoked: null },
    });
  });

  it('that failed for another reason is OTHER: nothing was changed', () => {
    const failed = { errorCode: 'NoSuchEntityException', requestParameters: { userName: 'eve' } };
    expect(eventOf(call('iam', 'DeleteUser', failed))).toMatchObject({
      kind: 'OTHER',
      attributes: { errorCode: 'NoSuchEntityException' },
    });
  });

  it('of a session names its issuer, and who was behind it, nearest first', () => {
    const userIdentity = {
      type: 'AssumedRole',
      arn: 'arn:aws:sts::1:assumed-role/deploy/run-7',
      accessKeyId: 'ASIAEXAMPLE',
      sessionContext: {
        sessionIssuer: { type: 'Role', arn: 'arn:aws:iam::1:role/deploy', userName: 'deploy' },
        sourceIdentity: 'alice@example.com',
      },
    };
    expect(eventOf(call('iam', 'CreateUser', { userIdentity }))).toMatchObject({
      actor: { type: 'SERVICE', id: userIdentity.arn, name: 'run-7' },
      onBehalfOf: [
        { type: 'SERVICE', id: 'arn:aws:iam::1:role/deploy', name: 'deploy' },
        { type: 'USER', id: 'alice@example.com' },
      ],
      session: 'ASIAEXAMPLE',
    });
  });

  it('by a service of AWS has no address, and says which service', () => {
    const userIdentity = { type: 'AWSService', invokedBy: 'ecs.amazonaws.com' };
    const event = eventOf(
      call('sts', 'AssumeRole', { userIdentity, sourceIPAddress: 'ecs.amazonaws.com' }),
    );
    expect(event.source).toMatchObject({ ip: null });
    expect(event).toMatchObject({
      actor: { type: 'SERVICE', id: 'ecs.amazonaws.com' },
      attributes: { sourceService: 'ecs.amazonaws.com' },
    });
  });

  it('never lets the credentials of a response into an event', () => {
    const responseElements = { credentials: { sessionToken: 'SECRET-TOKEN' } };
    const event = eventOf(call('sts', 'GetFederationToken', { responseElements }));
    expect(JSON.stringify(event)).not.toContain('SECRET-TOKEN');
  });

  it('about something else is skipped by its call, and what is none is malformed', () => {
    expect(parse(call('ec2', 'DescribeInstances', { readOnly: true }))).toEqual({
      skipped: 'not about access: ec2 DescribeInstances',
    });
    expect(parse(call('ec2', 'RunInstances'))).toHaveProperty('skipped');
    expect(parse({})).toHaveProperty('malformed');
    expect(parse(call('iam', 'CreateUser', { eventTime: 'yesterday' }))).toHaveProperty(
      'malformed',
    );
    expect(parseCloudTrail('{"a":nope}', { tenant: null })).toEqual({ malformed: 'not JSON' });
  });

  it('is one outcome and encodes, whatever its members hold', () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    const record = fc
      .record({
        eventSource: fc.constantFrom('iam', 's3', 'signin', 'sts'),
        eventName: fc.constantFrom(
          'PutRolePolicy',
          'ConsoleLogin',
          'PutBucketPolicy',
          'DeleteUser',
        ),
        errorCode: fc.option(fc.oneof(json, fc.constant('AccessDenied')), { nil: undefined }),
        userIdentity: fc.oneof(json, fc.record({ type: json, arn: json, sessionContext: json })),
        requestParameters: fc.oneof(
          json,
          fc.record({ policyDocument: json, userName: json, policyName: fc.string() }),
        ),
        responseElements: json,
        sourceIPAddress: fc.oneof(json, fc.constant('\ud800')),
        resources: json,
        additionalEventData: json,
      })
      .map(({ eventSource, eventName, ...more }) => call(eventSource, eventName, more));
    fc.assert(
      fc.property(record, (fields) => {
        const outcome = parse(fields);
        if ('events' in outcome) eventOf(fields);
        else expect('skipped' in outcome).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the CloudTrail data set', () => {
  it('gives an event for each record but the reads of nothing secret', () => {
    const folder = `${DATA}/cloudtrail`;
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    const records = files.flatMap(
      (name) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as { eventName: string }[],
    );
    const harmless = ['GetCallerIdentity', 'ListSecrets'];
    const expected = records.filter(({ eventName }) => !harmless.includes(eventName));
    const withEvents = records.filter((record) => 'events' in parse(record));
    expect(withEvents).toEqual(expected);
    for (const record of withEvents) eventOf(record);
  });
});
