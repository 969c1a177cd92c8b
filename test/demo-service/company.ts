/** Who is who, and who may do what: in memory, where a real service has a database and an identity provider. */
import { randomUUID, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

export type Permission =
  | 'reports:read'
  | 'payroll:read'
  | 'roles:change'
  | 'policies:change'
  | 'users:impersonate'
  | 'users:terminate';

/** helpdesk may give any role, also to itself: the mistake that the demo's intruder finds. */
export const ROLES: Readonly<Record<string, readonly Permission[]>> = {
  employee: ['reports:read'],
  helpdesk: ['reports:read', 'roles:change'],
  security: ['reports:read', 'users:terminate', 'policies:change'],
  admin: ['reports:read', 'payroll:read', 'roles:change', 'policies:change', 'users:impersonate'],
};

export type User = { readonly id: string; readonly password: Buffer; roles: readonly string[] };

/** `id` may appear in records; `token` is the secret that proves the session, and may not. */
export type Session = {
  readonly id: string;
  readonly token: string;
  readonly user: User;
  /** Whom the user acts for, if it acts for another. */
  readonly onBehalfOf: User | null;
};

export class Company {
  readonly users = new Map<string, User>();
  readonly sessions = new Map<string, Session>();
  readonly policies = new Map([['passwords', { version: 1, text: 'at least 8 characters' }]]);
  #lastChange: Promise<unknown> = Promise.resolve();

  async hire(id: string, password: string, ...roles: string[]): Promise<void> {
    this.users.set(id, { id, password: await digest(password, id), roles });
  }

  async passwordFits(user: User, password: string): Promise<boolean> {
    return timingSafeEqual(user.password, await digest(password, user.id));
  }

  sessionsOf(user: User): Session[] {
    return [...this.sessions.values()].filter((session) => session.user === user);
  }

  /**
   * Runs changes one after the other, so that what an event says was before really was before. With
   * a database this is one transaction: lock the row, record the event, change the row, commit.
   */
  change<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lastChange.then(work);
    this.#lastChange = result.catch(() => {});
    return result;
  }
}

/** A session that is not open yet: `Company.sessions` opens it, by its token. */
export function newSession(user: User, onBehalfOf: User | null = null): Session {
  return { id: randomUUID(), token: randomUUID(), user, onBehalfOf };
}

export function allows(roles: readonly string[], permission: Permission): boolean {
  return roles.some((role) => ROLES[role]?.includes(permission));
}

/** Permissions that `after` gives and `before` did not. */
export function gained(before: readonly string[], after: readonly string[]): Permission[] {
  return after.flatMap((role) => ROLES[role] ?? []).filter((each) => !allows(before, each));
}

/** A low cost (N = 2^10), so that the demo's brute force is not about hashing. */
function digest(password: string, salt: string): Promise<Buffer> {
  const derive = promisify<string, string, number, { N: number }, Buffer>(scrypt);
  return derive(password, salt, 32, { N: 1024 });
}
