/**
 * What AWS CloudTrail records, as auth events: who got in, who was refused, whose rights changed, and
 * who took credentials. The first line that matches:
 *
 * | record                                                                 | becomes |
 * |------------------------------------------------------------------------|---------|
 * | errorCode AccessDenied, UnauthorizedOperation and their like           | ACCESS_DENIED, whatever the call |
 * | ConsoleLogin, by responseElements.ConsoleLogin                         | LOGIN_SUCCEEDED or LOGIN_FAILED, with MFA |
 * | AssumeRoleWithSAML, AssumeRoleWithWebIdentity                          | LOGIN_SUCCEEDED or LOGIN_FAILED, method saml or oidc |
 * | another errorCode, on a call of the lines below                        | OTHER: it was tried and changed nothing |
 * | iam Attach/Detach/Put/Delete…Policy of a user, role or group, AddUserToGroup, AddRoleToInstanceProfile and back | ROLE_CHANGED; privilegeEscalation when an administrator's policy is given |
 * | Create, Update, Delete, SetDefault… of policies in iam, organizations, s3, kms, secretsmanager, lambda; UpdateAssumeRolePolicy | POLICY_UPDATED |
 * | DeleteUser (iam, identitystore), AdminDeleteUser, AdminDisableUser (cognito-idp) | USER_TERMINATED |
 * | sts AssumeRole, GetFederationToken, GetSessionToken …: credentials given | OTHER |
 * | secretsmanager GetSecretValue, ec2 GetPasswordData: secrets read         | OTHER |
 * | any other call that writes (readOnly false) to iam, sso, identitystore, organizations, cognito-idp, signin, cloudtrail, kms, secretsmanager | OTHER |
 * | all else: reads (ListSecrets, GetCallerIdentity …), other services       | skipped, by service and call |
 * | no JSON object with eventID, eventTime, eventName and eventSource        | malformed |
 *
 * `time`, `source` (address and user agent as they stand; where a service of AWS called, its name
 * stands in `attributes.sourceService`) and `sourceId` (eventID) are the record's. `attributes` keep
 * call, region, account, request id, error and parameters. `responseElements` is never kept: it holds
 * session tokens. CloudTrail does not tell what was before a change: lists of roles are then empty
 * with `attributes.before` and `.after` `unknown`, and versions are `unknown`.
 */
import type { AccessDenial, Source } from '@authseal/schemas';
import type { EventInput } from '../event-input.ts';
import { policyUpdateOf, roleChangeOf, targetOf } from './cloudtrail-changes.ts';
import { actorOf, onBehalfOf } from './cloudtrail-principals.ts';
import { type CloudTrailRecord, object, readRecord, string } from './cloudtrail-record.ts';
import { type CollectContext, collectedId, type Outcome } from './outcome.ts';

const DENIED = /AccessDenied|Unauthorized|NotAuthorized|AuthorizationError/i;

/** Logins by a token of another identity provider. */
const FEDERATED_LOGINS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'sts:AssumeRoleWithSAML': 'saml',
    'sts:AssumeRoleWithWebIdentity': 'oidc',
  }),
);

const TERMINATIONS = new Set([
  'iam:DeleteUser',
  'identitystore:DeleteUser',
  'cognito-idp:AdminDeleteUser',
  'cognito-idp:AdminDisableUser',
]);

/** Calls that hand out credentials, though CloudTrail counts some as reads. */
const CREDENTIALS_TAKEN = new Set([
  'sts:AssumeRole',
  'sts:AssumeRoot',
  'sts:GetFederationToken',
  'sts:GetSessionToken',
  'secretsmanager:GetSecretValue',
  'secretsmanager:BatchGetSecretValue',
  'ec2:GetPasswordData',
]);

/** Services that hold identities, rights, secrets, or the log itself: what writes to them counts. */
const SERVICES_OF_ACCESS = new Set([
  'iam',
  'sts',
  'sso',
  'sso-directory',
  'identitystore',
  'organizations',
  'cognito-idp',
  'signin',
  'cloudtrail',
  'kms',
  'secretsmanager',
]);

/** Characters of an attribute; parameters can hold whole documents. */
const MAX_ATTRIBUTE = 16_384;

/** What the text of one record tells. */
export function parseCloudTrail(text: string, { tenant }: CollectContext): Outcome {
  const record = readRecord(text);
  if ('malformed' in record) return record;
  const event = eventOf(record, tenant);
  if (event !== null) return { events: [event] };
  const call = `${record.service} ${record.name}`.slice(0, 80).replace(/[^ -~]/g, '?');
  return { skipped: `not about access: ${call}` };
}

function eventOf(record: CloudTrailRecord, tenant: string | null): EventInput | null {
  const { eventID, time, service, name, errorCode, errorMessage, identity } = record;
  const call = `${service}:${name}`;
  const session = string(identity, 'accessKeyId');
  const common = {
    id: collectedId(time, 'cloudtrail', eventID),
    time,
    tenant,
    actor: actorOf(identity),
    onBehalfOf: onBehalfOf(identity),
    target: targetOf(record),
    reason: errorMessage,
    source: sourceOf(record),
    // Temporary credentials begin with ASIA; the key id names the session, and is no secret.
    session: session?.startsWith('ASIA') ? session : null,
    sourceId: eventID,
    attributes: attributesOf(record),
  };
  const federated = FEDERATED_LOGINS.get(call);
  const roleChange = roleChangeOf(record);
  const policyUpdate = policyUpdateOf(record);

  if (errorCode !== null && DENIED.test(errorCode)) {
    return { ...common, kind: 'ACCESS_DENIED', accessDenial: denialOf(record) };
  }
  if (call === 'signin:ConsoleLogin') return { ...common, ...consoleLogin(record) };
  if (federated !== undefined) {
    const kind = errorCode === null ? 'LOGIN_SUCCEEDED' : 'LOGIN_FAILED';
    return { ...common, kind, login: { method: federated, mfa: null } };
  }
  if (errorCode === null && roleChange !== null) {
    const attributes = { ...common.attributes, before: 'unknown', after: 'unknown' };
    return { ...common, kind: 'ROLE_CHANGED', roleChange, attributes };
  }
  if (errorCode === null && policyUpdate !== null) {
    return { ...common, kind: 'POLICY_UPDATED', policyUpdate };
  }
  if (errorCode === null && TERMINATIONS.has(call)) {
    const termination = { reason: name, effectiveAt: time, sessionsRevoked: null };
    return { ...common, kind: 'USER_TERMINATED', termination };
  }
  const isWrite = record.all.readOnly === false;
  const changesAccess =
    roleChange !== null || policyUpdate !== null || TERMINATIONS.has(call) || isWrite;
  const isOfAccess = SERVICES_OF_ACCESS.has(service) || policyUpdate !== null;
  if (CREDENTIALS_TAKEN.has(call) || (changesAccess && isOfAccess)) {
    return { ...common, kind: 'OTHER' };
  }
  return null;
}

function consoleLogin({ all, errorMessage, identity, response }: CloudTrailRecord) {
  const used = string(object(all.additionalEventData), 'MFAUsed');
  const type = string(identity, 'type');
  const login = {
    method: type === 'IAMUser' || type === 'Root' ? 'password' : 'federation',
    mfa: used === null ? null : used === 'Yes',
  };
  if (string(response, 'ConsoleLogin') === 'Success')
    return { kind: 'LOGIN_SUCCEEDED', login } as const;
  return { kind: 'LOGIN_FAILED', login, reason: errorMessage ?? 'ConsoleLogin failed' } as const;
}

/** What was refused, as far as the record or AWS's message about it says. */
function denialOf(record: CloudTrailRecord): AccessDenial {
  const message = record.errorMessage ?? '';
  const [first] = Array.isArray(record.all.resources) ? record.all.resources : [];
  return {
    resource:
      /on resource: (\S+)/.exec(message)?.[1] ??
      string(object(first), 'ARN') ??
      targetOf(record)?.id ??
      record.service,
    action: /perform: ([\w-]+:\w+)/.exec(message)?.[1] ?? `${record.service}:${record.name}`,
    policy:
      /(?:because no|with an explicit deny in an?) ([\w -]{1,100} policy)/.exec(message)?.[1] ??
      null,
  };
}

/** An address as it stands, or nothing where a service of AWS called in its own name. */
function sourceOf({ all }: CloudTrailRecord): Source | null {
  const address = string(all, 'sourceIPAddress');
  const userAgent = string(all, 'userAgent');
  const ip = address !== null && isAddress(address) ? address : null;
  return ip === null && userAgent === null ? null : { ip, port: null, userAgent };
}

/** Not checked to the letter: addresses made anonymous may have leading zeros. */
const isAddress = (text: string): boolean => /^[\d.]+$|^[\da-f.]*:[\da-f.:]*$/i.test(text);

function attributesOf({ all, errorCode, identity, request }: CloudTrailRecord) {
  const attributes: Record<string, string> = {};
  const add = (name: string, value: string | null) => {
    if (value === null) return;
    const cut = value.length - MAX_ATTRIBUTE;
    attributes[name] =
      cut > 0 ? `${value.slice(0, MAX_ATTRIBUTE).toWellFormed()}… (${cut} more)` : value;
  };
  for (const name of ['eventSource', 'eventName', 'awsRegion', 'recipientAccountId', 'requestID']) {
    add(name, string(all, name));
  }
  add('errorCode', errorCode);
  add('accessKeyId', string(identity, 'accessKeyId'));
  add('invokedBy', string(identity, 'invokedBy'));
  add(
    'mfaAuthenticated',
    string(object(object(identity.sessionContext).attributes), 'mfaAuthenticated'),
  );
  if (Object.keys(request).length > 0) add('requestParameters', JSON.stringify(request));
  const address = string(all, 'sourceIPAddress');
  if (address !== null && !isAddress(address)) add('sourceService', address);
  return attributes;
}
