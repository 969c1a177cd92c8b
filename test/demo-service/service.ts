/**
 * The example to copy: a small service that decides about access, instrumented with the SDK.
 *
 * One rule carries it all: **record, then act, then answer.** Each handler awaits the receipt of its
 * event before it changes anything or answers.
 *  - Were the effect first, a crash between the two would leave a role that was given and never
 *    recorded. So the gap is on the other side: a record whose effect did not follow, which harms
 *    nobody and can be seen.
 *  - The receipt resolves once Kafka has the event on all in-sync replicas. While Kafka is away it
 *    waits, and with it the effect: without a record, no access. What the SDK refuses becomes a 503.
 *  - A refusal is recorded like a success: who tried what is what one looks for later.
 *
 * The receipt goes back to the caller in a header, `audit-receipt: <partition>/<offset>`: by it
 * anybody can find the sealed event later.
 */
import { type AuditProducer, ProducerError, type Receipt } from '@authseal/producer-sdk';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import {
  allows,
  type Company,
  gained,
  newSession,
  type Permission,
  ROLES,
  type Session,
} from './company.ts';
import { contextOf } from './event-context.ts';

export function createService(audit: AuditProducer, company: Company): FastifyInstance {
  // The client's address comes from a proxy on this machine; from others the header is not believed.
  const service = Fastify({ trustProxy: 'loopback' });

  type LoginRoute = { Body: { user: string; password: string } };
  service.post<LoginRoute>('/login', texts('user', 'password'), async (request, reply) => {
    const { user: id, password } = request.body;
    const user = company.users.get(id);
    const login = { method: 'password', mfa: false };
    if (user === undefined || !(await company.passwordFits(user, password))) {
      const receipt = await audit.loginFailed({
        ...contextOf(request, null),
        target: { type: 'user', id },
        reason: user === undefined ? 'unknown user' : 'wrong password',
        login,
      });
      return answer(reply, 401, receipt, { error: 'user or password is wrong' });
    }
    const session = newSession(user);
    const receipt = await audit.loginSucceeded({ ...contextOf(request, session), login });
    company.sessions.set(session.token, session);
    return answer(reply, 200, receipt, { token: session.token });
  });

  /** Reports are for everybody, `payroll` is not. */
  service.get<{ Params: { name: string } }>('/reports/:name', async (request, reply) => {
    const { name } = request.params;
    const permission = name === 'payroll' ? 'payroll:read' : 'reports:read';
    const session = await permit(request, reply, permission, `report/${name}`);
    return session && { report: name };
  });

  service.put<RoleRoute>('/users/:id/roles/:role', changeRole('GRANTED'));
  service.delete<RoleRoute>('/users/:id/roles/:role', changeRole('REVOKED'));

  type RoleRoute = { Params: { id: string; role: string }; Body: { reason?: string } | null };
  function changeRole(change: 'GRANTED' | 'REVOKED') {
    return async (request: FastifyRequest<RoleRoute>, reply: FastifyReply) => {
      const { id, role } = request.params;
      const session = await permit(request, reply, 'roles:change', `user/${id}/roles/${role}`);
      if (session === null) return;
      return company.change(async () => {
        const user = company.users.get(id);
        if (user === undefined || !Object.hasOwn(ROLES, role)) return reply.callNotFound();
        const others = user.roles.filter((each) => each !== role);
        const newRoles = change === 'GRANTED' ? [...others, role] : others;
        const receipt = await audit.roleChanged({
          ...contextOf(request, session),
          target: { type: 'user', id },
          reason: request.body?.reason ?? null,
          roleChange: {
            role,
            change,
            privilegeEscalation: gained(user.roles, newRoles).length > 0,
            previousRoles: [...user.roles],
            newRoles,
          },
        });
        user.roles = newRoles;
        return answer(reply, 200, receipt, { roles: newRoles });
      });
    };
  }

  type PolicyRoute = { Params: { name: string }; Body: { text: string } };
  service.put<PolicyRoute>('/policies/:name', texts('text'), async (request, reply) => {
    const { name } = request.params;
    const session = await permit(request, reply, 'policies:change', `policy/${name}`);
    if (session === null) return;
    return company.change(async () => {
      const before = company.policies.get(name);
      const after = { version: (before?.version ?? 0) + 1, text: request.body.text };
      const receipt = await audit.policyUpdated({
        ...contextOf(request, session),
        target: { type: 'policy', id: name },
        policyUpdate: {
          policy: name,
          previousVersion: before === undefined ? '' : String(before.version),
          newVersion: String(after.version),
          diff: `-${before?.text ?? ''}\n+${after.text}`,
        },
      });
      company.policies.set(name, after);
      return answer(reply, 200, receipt, { version: after.version });
    });
  });

  /** An administrator acts as somebody else: from here on each event names both. */
  service.post<{ Params: { id: string } }>('/users/:id/impersonation', async (request, reply) => {
    const { id } = request.params;
    const session = await permit(request, reply, 'users:impersonate', `user/${id}`);
    if (session === null) return;
    const user = company.users.get(id);
    if (user === undefined) return reply.callNotFound();
    const acting = newSession(session.user, user);
    const receipt = await audit.loginSucceeded({
      ...contextOf(request, acting),
      login: { method: 'impersonation' },
    });
    company.sessions.set(acting.token, acting);
    return answer(reply, 200, receipt, { token: acting.token });
  });

  type UserRoute = { Params: { id: string }; Body: { reason: string } };
  service.delete<UserRoute>('/users/:id', texts('reason'), async (request, reply) => {
    const { id } = request.params;
    const session = await permit(request, reply, 'users:terminate', `user/${id}`);
    if (session === null) return;
    return company.change(async () => {
      const user = company.users.get(id);
      if (user === undefined) return reply.callNotFound();
      const open = company.sessionsOf(user);
      const receipt = await audit.userTerminated({
        ...contextOf(request, session),
        target: { type: 'user', id },
        termination: {
          reason: request.body.reason,
          effectiveAt: Date.now() * 1000,
          sessionsRevoked: open.length,
        },
      });
      company.users.delete(id);
      for (const { token } of open) company.sessions.delete(token);
      return answer(reply, 200, receipt, { sessionsRevoked: open.length });
    });
  });

  /** The session if it has the permission; else the denial is recorded and answered, and it is null. */
  async function permit(
    request: FastifyRequest,
    reply: FastifyReply,
    permission: Permission,
    resource: string,
  ): Promise<Session | null> {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const session = company.sessions.get(token) ?? null;
    // Whoever acts for another may do what that one may.
    const roles = (session?.onBehalfOf ?? session?.user)?.roles ?? [];
    if (session !== null && allows(roles, permission)) return session;
    const receipt = await audit.accessDenied({
      ...contextOf(request, session),
      reason: session === null ? 'no valid session' : `none of the roles ${roles} has it`,
      accessDenial: { resource, action: request.method, policy: permission },
    });
    answer(reply, session === null ? 401 : 403, receipt, { error: `${permission} is needed` });
    return null;
  }

  service.setErrorHandler<Error>((error, _request, reply) => {
    if (error instanceof ProducerError) {
      return reply.status(503).send({ error: 'This cannot be recorded now, so it was not done.' });
    }
    return reply.send(error);
  });

  return service;
}

/** Requires a body with these texts. */
function texts(...names: string[]) {
  const properties = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
  return { schema: { body: { type: 'object', required: names, properties } } };
}

function answer(reply: FastifyReply, status: number, receipt: Receipt, body: object): FastifyReply {
  const place = `${receipt.partition}/${receipt.offset}`;
  return reply.status(status).header('audit-receipt', place).send(body);
}
