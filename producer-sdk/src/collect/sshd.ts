/**
 * What OpenSSH's daemon logs, as auth events. Every message that decides about a login is one
 * event; what sshd and PAM say about the same attempt besides is counted, not repeated:
 *
 * | message of sshd                                             | becomes |
 * |-------------------------------------------------------------|---------|
 * | Accepted METHOD for USER from IP port N ssh2[: KEY]         | LOGIN_SUCCEEDED |
 * | Failed METHOD for [invalid user] USER from IP port N ssh2   | LOGIN_FAILED; reason `invalid user` or `METHOD failed` |
 * | message repeated N times: [ one of the above]               | N events, syslog's shorthand for N such lines |
 * | User USER from IP not allowed because WHY                   | ACCESS_DENIED: the account exists, the policy of sshd refuses it |
 * | Invalid user, input_userauth_request, check pass            | skipped: its attempt follows as `Failed` |
 * | authentication failure, PAM N more authentication failures, ignoring max retries | skipped: PAM's account of attempts that sshd logs as `Failed` |
 * | maximum authentication attempts exceeded, Too many authentication failures | skipped: the end of attempts that are logged each |
 * | session opened, session closed, Starting session            | skipped: follows from `Accepted` |
 * | Connection from/closed/reset, Received disconnect, Disconnected, Did not receive identification, banner exchange, fatal … | skipped: connection |
 * | reverse mapping, Address … maps to, Nasty PTR               | skipped: name lookup |
 * | Server listening, Received signal, Exiting                  | skipped: daemon |
 * | any other                                                   | skipped: other sshd message |
 * | a line of another program                                   | skipped: other program |
 * | no syslog line                                              | malformed |
 *
 * The actor of a failed login is who it claimed to be: USER, or ANONYMOUS where sshd says that there
 * is no such user. Names are kept as they stand, spaces included. `source` has address and port,
 * `target` the host; `attributes` the pid, the time as it stands in the log, and the key of a
 * publickey login. `sourceId` is host/sshd[pid]/line number, with `.n` for the nth of a repeated message.
 */
import type { EventInput } from '../event-input.ts';
import { type CollectContext, collectedId, type Outcome } from './outcome.ts';
import { createSyslogReader, type SyslogLine, type SyslogOptions } from './syslog.ts';

/** Since OpenSSH 9.8 each connection has its own program. */
const PROGRAMS = new Set(['sshd', 'sshd-session', 'sshd-auth']);

// Greedy up to the last ` from `: a name may hold ` from 1.2.3.4 port 5` to mislead.
const ATTEMPT =
  /^(Accepted|Failed) (\S+) for (invalid user )?(.*) from (\S+) port (\d{1,5})(?: ssh2?)?(?:: (.*))?$/s;
const NOT_ALLOWED = /^User (.*) from (\S+) not allowed because (.*)$/s;
const REPEATED = /^message repeated (\d+) times: \[ ?(.*)\]$/s;

/** Syslog counts up to what fits into its interval; a larger count is made up. */
const MAX_REPEATED = 10_000;

const SKIPPED: readonly [reason: string, message: RegExp][] = [
  ['its attempt follows as Failed', /^Invalid user |^input_userauth_request: |: check pass; /],
  [
    'PAM on attempts that are logged as Failed',
    /authentication failure; |^PAM \d+ more authentication failure|^PAM service\(.*\) ignoring max retries/,
  ],
  [
    'the end of attempts that are logged each',
    /maximum authentication attempts exceeded|Too many authentication failures/,
  ],
  ['session, follows from Accepted', /: session (?:opened|closed) for |^Starting session: /],
  ['name lookup', /^reverse mapping checking |^Address \S+ maps to |^Nasty PTR record/],
  ['daemon', /^Server listening on |^Received signal |^Exiting on signal/],
  [
    'connection',
    /^(?:error: |fatal: )?(?:Connection |Received disconnect |Disconnect|Did not receive identification |Bad protocol version |banner exchange|kex_exchange_identification|Unable to negotiate |Read |Write failed|Timeout before )/,
  ],
];

export type SshdOptions = SyslogOptions & CollectContext;

/** Returns a function that takes the lines of one file, in order. */
export function createSshdParser(options: SshdOptions) {
  const readSyslog = createSyslogReader(options);

  return function parse(text: string, lineNumber: number): Outcome {
    if (text.trim() === '') return { skipped: 'empty line' };
    const line = readSyslog(text);
    if (line === null) return { malformed: 'not a syslog line, or no such time' };
    if (!PROGRAMS.has(line.program)) return { skipped: 'other program' };

    const [, count, repeated] = REPEATED.exec(line.message) ?? [];
    const message = repeated ?? line.message;
    const times = Number(count ?? 1);
    const event = eventOf(message, line, options);
    if (event === null) return { skipped: reasonToSkip(message) };
    if (times > MAX_REPEATED) return { malformed: `repeated more than ${MAX_REPEATED} times` };

    const events = Array.from({ length: times }, (_, i) => {
      const place = count === undefined ? `${lineNumber}` : `${lineNumber}.${i + 1}`;
      const sourceId = `${line.host}/sshd[${line.pid ?? ''}]/${place}`;
      return { ...event, id: collectedId(line.time, 'sshd', sourceId, text), sourceId };
    });
    return events.length > 0 ? { events } : { malformed: 'repeated 0 times' };
  };
}

function reasonToSkip(message: string): string {
  const found = SKIPPED.find(([, pattern]) => pattern.test(message));
  return found?.[0] ?? 'other sshd message';
}

function eventOf(
  message: string,
  { time, timeText, host, pid }: SyslogLine,
  { tenant }: CollectContext,
): EventInput | null {
  const common = {
    time,
    tenant,
    target: { type: 'host', id: host },
    attributes: { logTime: timeText, ...(pid !== null && { pid }) },
  };

  const attempt = ATTEMPT.exec(message);
  if (attempt !== null) {
    const [, outcome, method = '', invalid, user = '', ip = '', port, key] = attempt;
    const fields = {
      ...common,
      source: { ip, port: Number(port) },
      login: { method },
      attributes: { ...common.attributes, ...(key !== undefined && { key }) },
    };
    if (outcome === 'Accepted') {
      return { ...fields, kind: 'LOGIN_SUCCEEDED', actor: { type: 'USER', id: user } };
    }
    return {
      ...fields,
      kind: 'LOGIN_FAILED',
      actor: { type: invalid === undefined ? 'USER' : 'ANONYMOUS', id: user },
      reason: invalid === undefined ? `${method} failed` : 'invalid user',
    };
  }

  const refused = NOT_ALLOWED.exec(message);
  if (refused !== null) {
    const [, user = '', ip = '', why = ''] = refused;
    return {
      ...common,
      kind: 'ACCESS_DENIED',
      actor: { type: 'USER', id: user },
      reason: why,
      source: { ip },
      accessDenial: { resource: host, action: 'ssh login', policy: why },
    };
  }
  return null;
}
