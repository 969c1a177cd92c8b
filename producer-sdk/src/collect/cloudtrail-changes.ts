/** Which calls of AWS change who may do what, and how their parameters say so. */
import type { PolicyUpdate, RoleChange, Target } from '@authseal/schemas';
import { type CloudTrailRecord, type Json, object, string } from './cloudtrail-record.ts';

interface RoleCall {
  change: RoleChange['change'];
  /** The parameter that names the role: a policy, or a group. */
  role: string;
}

/** Calls of IAM that give a user, role or group permissions, or take them: ROLE_CHANGED. */
const ROLE_CALLS: ReadonlyMap<string, RoleCall> = new Map(
  Object.entries<RoleCall>({
    AttachUserPolicy: { change: 'GRANTED', role: 'policyArn' },
    AttachRolePolicy: { change: 'GRANTED', role: 'policyArn' },
    AttachGroupPolicy: { change: 'GRANTED', role: 'policyArn' },
    PutUserPolicy: { change: 'GRANTED', role: 'policyName' },
    PutRolePolicy: { change: 'GRANTED', role: 'policyName' },
    PutGroupPolicy: { change: 'GRANTED', role: 'policyName' },
    AddUserToGroup: { change: 'GRANTED', role: 'groupName' },
    AddRoleToInstanceProfile: { change: 'GRANTED', role: 'roleName' },
    DetachUserPolicy: { change: 'REVOKED', role: 'policyArn' },
    DetachRolePolicy: { change: 'REVOKED', role: 'policyArn' },
    DetachGroupPolicy: { change: 'REVOKED', role: 'policyArn' },
    DeleteUserPolicy: { change: 'REVOKED', role: 'policyName' },
    DeleteRolePolicy: { change: 'REVOKED', role: 'policyName' },
    DeleteGroupPolicy: { change: 'REVOKED', role: 'policyName' },
    RemoveUserFromGroup: { change: 'REVOKED', role: 'groupName' },
    RemoveRoleFromInstanceProfile: { change: 'REVOKED', role: 'roleName' },
  }),
);

/** AWS's own policies that let their holder give themselves anything. */
const ADMIN_POLICIES = /\/(AdministratorAccess|IAMFullAccess|PowerUserAccess)$/;

/** The change of roles that an IAM call made, or null when it makes none. */
export function roleChangeOf({ service, name, request }: CloudTrailRecord): RoleChange | null {
  const call = service === 'iam' ? ROLE_CALLS.get(name) : undefined;
  const role = call && string(request, call.role);
  if (!call || !role) return null;
  const isAdmin = ADMIN_POLICIES.test(role) || allowsAll(string(request, 'policyDocument'));
  return {
    role,
    change: call.change,
    privilegeEscalation: call.change === 'GRANTED' && isAdmin,
    // CloudTrail does not say; `attributes` says that it does not.
    previousRoles: [],
    newRoles: [],
  };
}

/** Whether a policy document allows every action, or every one of IAM, on every resource. */
function allowsAll(document: string | null): boolean {
  const statements = [object(parse(document)).Statement].flat().map(object);
  return statements.some(
    ({ Effect, Action, Resource }) =>
      Effect === 'Allow' &&
      [Action].flat().some((action) => action === '*' || action === 'iam:*') &&
      [Resource].flat().includes('*'),
  );
}

function parse(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

/** Calls that write a policy, by the parameter that names what it is the policy of: POLICY_UPDATED. */
const POLICY_CALLS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries<readonly string[]>({
    'iam:CreatePolicy': ['policyName'],
    'iam:CreatePolicyVersion': ['policyArn'],
    'iam:SetDefaultPolicyVersion': ['policyArn'],
    'iam:DeletePolicyVersion': ['policyArn'],
    'iam:DeletePolicy': ['policyArn'],
    'iam:UpdateAssumeRolePolicy': ['roleName'],
    'iam:UpdateAccountPasswordPolicy': [],
    'iam:DeleteAccountPasswordPolicy': [],
    'organizations:CreatePolicy': ['name'],
    'organizations:UpdatePolicy': ['policyId'],
    'organizations:DeletePolicy': ['policyId'],
    's3:PutBucketPolicy': ['bucketName'],
    's3:DeleteBucketPolicy': ['bucketName'],
    'kms:PutKeyPolicy': ['keyId'],
    'secretsmanager:PutResourcePolicy': ['secretId'],
    'secretsmanager:DeleteResourcePolicy': ['secretId'],
    'lambda:AddPermission': ['functionName'],
    'lambda:RemovePermission': ['functionName'],
  }),
);

/** What stands for a version that CloudTrail does not tell. */
const UNKNOWN = 'unknown';

/** The change of a policy that a call made, or null when it makes none. */
export function policyUpdateOf(record: CloudTrailRecord): PolicyUpdate | null {
  const { service, name, request, response } = record;
  const parameters = POLICY_CALLS.get(`${service}:${name}`);
  if (parameters === undefined) return null;
  const created = object(response.policy);
  const isNew = name === 'CreatePolicy';
  const isGone = name.startsWith('Delete');
  const written =
    string(object(response.policyVersion), 'versionId') ?? string(created, 'defaultVersionId');
  const asked = string(request, 'versionId');
  return {
    policy:
      string(created, 'arn') ??
      parameters.map((parameter) => string(request, parameter)).find((found) => found !== null) ??
      name,
    previousVersion: isNew ? '' : ((isGone ? asked : null) ?? UNKNOWN),
    newVersion: isGone ? '' : (written ?? asked ?? UNKNOWN),
    diff: documentOf(request),
  };
}

/** The new text of a policy; CloudTrail does not have the old one. */
function documentOf(request: Json): string {
  for (const member of ['policyDocument', 'policy', 'content', 'bucketPolicy', 'resourcePolicy']) {
    const value = request[member];
    if (typeof value === 'string') return value;
    if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  }
  return '';
}

/** Parameters that name what a call acts on, the most telling first. */
const TARGETS: readonly [parameter: string, type: string][] = [
  ['userName', 'user'],
  ['instanceProfileName', 'instance-profile'],
  ['roleName', 'role'],
  ['roleArn', 'role'],
  ['groupName', 'group'],
  ['policyArn', 'policy'],
  ['policyName', 'policy'],
  ['secretId', 'secret'],
  ['bucketName', 'bucket'],
  ['keyId', 'key'],
  ['instanceId', 'instance'],
  ['functionName', 'function'],
  ['trailName', 'trail'],
];

/** What the parameter `name` names, by service. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['cloudtrail', 'trail'],
  ['sts', 'federated-user'],
]);

/** What a call acts on, or null when its parameters do not say. */
export function targetOf({ service, request }: CloudTrailRecord): Target | null {
  for (const [parameter, type] of TARGETS) {
    const id = string(request, parameter);
    if (id !== null) return { type, id };
  }
  const name = string(request, 'name');
  return name === null ? null : { type: NAMED.get(service) ?? 'name', id: name };
}
