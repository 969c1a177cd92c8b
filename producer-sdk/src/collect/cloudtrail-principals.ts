/**
 * Who acted, from a record's `userIdentity`:
 *
 * | type                          | actor                                             |
 * |-------------------------------|---------------------------------------------------|
 * | IAMUser, Root, SAMLUser, WebIdentityUser, IdentityCenterUser, FederatedUser | USER    |
 * | AssumedRole, Role, AWSAccount | SERVICE: a session that a person or a program may use |
 * | AWSService                    | SERVICE, the service that acts by itself          |
 * | AGENT, SYSTEM                 | never: CloudTrail does not know them              |
 * | any other, or none            | ANONYMOUS                                         |
 *
 * A session acts with the authority of its issuer, the role or the user that it was issued from:
 * the issuer is the nearest in `onBehalfOf`, and behind it `sourceIdentity`, whoever the company's
 * own login says was at the keyboard (RFC 8693, section 4.1: nearest first).
 */
import type { Principal, PrincipalType } from '@authseal/schemas';
import { type Json, object, string } from './cloudtrail-record.ts';

const TYPES: ReadonlyMap<string, PrincipalType> = new Map(
  Object.entries<PrincipalType>({
    IAMUser: 'USER',
    Root: 'USER',
    SAMLUser: 'USER',
    WebIdentityUser: 'USER',
    IdentityCenterUser: 'USER',
    FederatedUser: 'USER',
    AssumedRole: 'SERVICE',
    Role: 'SERVICE',
    AWSAccount: 'SERVICE',
    AWSService: 'SERVICE',
  }),
);

export function actorOf(identity: Json): Principal {
  const type = string(identity, 'type') ?? '';
  const id =
    string(identity, 'arn') ??
    string(identity, 'invokedBy') ??
    string(identity, 'principalId') ??
    string(identity, 'userName') ??
    string(identity, 'accountId') ??
    '';
  return principal(TYPES.get(type) ?? 'ANONYMOUS', id, nameOf(type, identity));
}

function nameOf(type: string, identity: Json): string | null {
  if (type === 'Root') return 'root';
  // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, federated-user/SESSION
  const isSession = type === 'AssumedRole' || type === 'FederatedUser';
  return isSession
    ? (string(identity, 'arn')?.split('/').at(-1) ?? null)
    : string(identity, 'userName');
}

export function onBehalfOf(identity: Json): Principal[] {
  const context = object(identity.sessionContext);
  const issuer = object(context.sessionIssuer);
  const chain: Principal[] = [];
  const issuerId = string(issuer, 'arn') ?? string(issuer, 'principalId');
  if (issuerId !== null) {
    const type = TYPES.get(string(issuer, 'type') ?? '') ?? 'ANONYMOUS';
    chain.push(principal(type, issuerId, string(issuer, 'userName')));
  }
  const source = string(context, 'sourceIdentity');
  if (source !== null) chain.push(principal('USER', source, null));
  return chain;
}

function principal(type: PrincipalType, id: string, name: string | null): Principal {
  return { type, id, name };
}
