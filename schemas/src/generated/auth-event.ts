// Generated from avro/auth-event.avsc by `npm run generate`. Do not edit.

/** What happened. A reader that does not know a newer kind sees OTHER. */
export type EventKind =
  | 'LOGIN_SUCCEEDED'
  | 'LOGIN_FAILED'
  | 'ROLE_CHANGED'
  | 'ACCESS_DENIED'
  | 'POLICY_UPDATED'
  | 'USER_TERMINATED'
  | 'OTHER';

/** What acts: a person, a service, an AI agent, the system itself, or nobody known. */
export type PrincipalType = 'USER' | 'SERVICE' | 'AGENT' | 'SYSTEM' | 'ANONYMOUS';

/** Someone or something that acts. */
export interface Principal {
  /** What it is. */
  type: PrincipalType;
  /** Its stable identifier; empty when there is none. */
  id: string;
  /** Its name for people, as it was then. */
  name?: string | null;
}

/** What or whom it was done to. */
export interface Target {
  /** What it is, such as user, role or bucket. */
  type: string;
  /** Its stable identifier. */
  id: string;
  /** Its name for people, as it was then. */
  name?: string | null;
}

/** Where a request came from, as far as the service saw it. */
export interface Source {
  /** IPv4 or IPv6 address, or the host name where only that is known. */
  ip?: string | null;
  /** Port, 0 to 65535. */
  port?: number | null;
  /** User agent as it was sent. */
  userAgent?: string | null;
}

/** W3C trace context. */
export interface Trace {
  /** 32 digits of lower-case hexadecimal. */
  traceId: string;
  /** 16 digits of lower-case hexadecimal. */
  spanId: string;
}

/** A personal field, encrypted; the field itself is then null or a keyed pseudonym. */
export interface ProtectedField {
  /** Path of the field, such as actor.name. */
  field: string;
  /** Pseudonym of the person whose key it is under. */
  subject: string;
  /** The key; destroying it erases the field. */
  keyId: string;
  /** Nonce of the cipher. */
  nonce: Buffer;
  /** Ciphertext with its tag. */
  ciphertext: Buffer;
}

/** How someone logged in or tried to. */
export interface Login {
  /** Such as password, publickey, saml, oidc, webauthn. */
  method: string;
  /** Whether a further factor was used; null when the source does not say. */
  mfa?: boolean | null;
}

/** Given or taken. */
export type RoleChangeDirection = 'GRANTED' | 'REVOKED';

/** A role given to the target or taken from it. */
export interface RoleChange {
  /** The role. */
  role: string;
  /** Given or taken. */
  change: RoleChangeDirection;
  /** Whether the target can do more than before. */
  privilegeEscalation: boolean;
  /** All its roles before. */
  previousRoles: string[];
  /** All its roles after. */
  newRoles: string[];
}

/** What was asked for and refused. */
export interface AccessDenial {
  /** What was asked for. */
  resource: string;
  /** What was to be done to it. */
  action: string;
  /** The policy that refused it; null when the source does not say. */
  policy?: string | null;
}

/** A policy made, changed or removed. */
export interface PolicyUpdate {
  /** The policy. */
  policy: string;
  /** Its version before; empty when it is new. */
  previousVersion: string;
  /** Its version after; empty when it was removed. */
  newVersion: string;
  /** What changed, in whatever form the service has. */
  diff: string;
}

/** The end of a user's access. */
export interface Termination {
  /** Why the user's access ends. */
  reason: string;
  /** From when, in microseconds since 1970-01-01 UTC. */
  effectiveAt: number;
  /** How many open sessions were ended; null when the source does not say. */
  sessionsRevoked?: number | null;
}

/** What every event has. */
export interface AuthEventFields {
  /** UUIDv7 in lower case (RFC 9562), given where the event happened. */
  id: string;
  /** When it happened, in microseconds since 1970-01-01 UTC. */
  time: number;
  /** The service that says so, as in its producer id: [a-z0-9.-]+. */
  service: string;
  /** The customer or organization it happened in. */
  tenant?: string | null;
  /** Who did it. */
  actor: Principal;
  /** For whom the actor acted (impersonation, agents), nearest first, as the act chain of RFC 8693, section 4.1. */
  onBehalfOf?: Principal[];
  /** Who approved it beforehand. */
  approvals?: Principal[];
  /** What or whom it was done to. */
  target?: Target | null;
  /** Why, in the words of the actor or the system. */
  reason?: string | null;
  /** Where the request came from. */
  source?: Source | null;
  /** Identifier of the session; never its secret. */
  session?: string | null;
  /** The trace it happened in. */
  trace?: Trace | null;
  /** Its id in the system it was collected from. */
  sourceId?: string | null;
  /** Whatever else is worth keeping. */
  attributes?: Record<string, string>;
  /** Encrypted personal fields. */
  protected?: ProtectedField[];
}

/** An event of kind LOGIN_SUCCEEDED. */
export interface LoginSucceeded extends AuthEventFields {
  kind: 'LOGIN_SUCCEEDED';
  login: Login;
  roleChange?: null;
  accessDenial?: null;
  policyUpdate?: null;
  termination?: null;
}

/** An event of kind LOGIN_FAILED. */
export interface LoginFailed extends AuthEventFields {
  kind: 'LOGIN_FAILED';
  login: Login;
  roleChange?: null;
  accessDenial?: null;
  policyUpdate?: null;
  termination?: null;
}

/** An event of kind ROLE_CHANGED. */
export interface RoleChanged extends AuthEventFields {
  kind: 'ROLE_CHANGED';
  login?: null;
  roleChange: RoleChange;
  accessDenial?: null;
  policyUpdate?: null;
  termination?: null;
}

/** An event of kind ACCESS_DENIED. */
export interface AccessDenied extends AuthEventFields {
  kind: 'ACCESS_DENIED';
  login?: null;
  roleChange?: null;
  accessDenial: AccessDenial;
  policyUpdate?: null;
  termination?: null;
}

/** An event of kind POLICY_UPDATED. */
export interface PolicyUpdated extends AuthEventFields {
  kind: 'POLICY_UPDATED';
  login?: null;
  roleChange?: null;
  accessDenial?: null;
  policyUpdate: PolicyUpdate;
  termination?: null;
}

/** An event of kind USER_TERMINATED. */
export interface UserTerminated extends AuthEventFields {
  kind: 'USER_TERMINATED';
  login?: null;
  roleChange?: null;
  accessDenial?: null;
  policyUpdate?: null;
  termination: Termination;
}

/** An event of kind OTHER. */
export interface OtherEvent extends AuthEventFields {
  kind: 'OTHER';
  /** Required for LOGIN_SUCCEEDED and LOGIN_FAILED. */
  login?: Login | null;
  /** Required for ROLE_CHANGED. */
  roleChange?: RoleChange | null;
  /** Required for ACCESS_DENIED. */
  accessDenial?: AccessDenial | null;
  /** Required for POLICY_UPDATED. */
  policyUpdate?: PolicyUpdate | null;
  /** Required for USER_TERMINATED. */
  termination?: Termination | null;
}

/** Who did what to access, when, on whose behalf and why. One record for all kinds, so that it reads as columns in any query engine. */
export type AuthEvent =
  | LoginSucceeded
  | LoginFailed
  | RoleChanged
  | AccessDenied
  | PolicyUpdated
  | UserTerminated
  | OtherEvent;

/** A field that holds a detail record. */
export type DetailField = 'login' | 'roleChange' | 'accessDenial' | 'policyUpdate' | 'termination';

/** The detail record that each kind requires; null: none. */
export const DETAIL_OF_KIND: Record<EventKind, DetailField | null> = {
  LOGIN_SUCCEEDED: 'login',
  LOGIN_FAILED: 'login',
  ROLE_CHANGED: 'roleChange',
  ACCESS_DENIED: 'accessDenial',
  POLICY_UPDATED: 'policyUpdate',
  USER_TERMINATED: 'termination',
  OTHER: null,
};
