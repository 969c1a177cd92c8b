/** What every event says of the request that it comes from. */
import type { FastifyRequest } from 'fastify';
import type { Session, User } from './company.ts';

const NOBODY = { type: 'ANONYMOUS' as const, id: '' };
const principal = ({ id }: User) => ({ type: 'USER' as const, id });

/** `session` is null where nobody is logged in. */
export function contextOf(request: FastifyRequest, session: Session | null) {
  return {
    actor: session === null ? NOBODY : principal(session.user),
    onBehalfOf: session?.onBehalfOf ? [principal(session.onBehalfOf)] : [],
    source: { ip: request.ip, userAgent: request.headers['user-agent'] ?? null },
    session: session?.id ?? null,
    trace: traceOf(request.headers.traceparent),
  };
}

/** The `traceparent` header (W3C Trace Context, section 3.2): the event then joins the caller's trace. */
function traceOf(traceparent: string | string[] | undefined) {
  const [, traceId, spanId] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/.exec(String(traceparent)) ?? [];
  return traceId === undefined || spanId === undefined ? null : { traceId, spanId };
}
