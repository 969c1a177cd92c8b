import type { LoginSucceeded } from '../generated/auth-event.ts';

/** A small valid event for tests to change. */
export const loginSucceeded: LoginSucceeded = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  time: 1_700_000_000_000_000,
  kind: 'LOGIN_SUCCEEDED',
  service: 'web',
  actor: { type: 'USER', id: 'alice' },
  login: { method: 'password', mfa: true },
};
