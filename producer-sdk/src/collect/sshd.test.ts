import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeEvent } from '@authseal/schemas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completeEvent, type EventInput } from '../event-input.ts';
import { sshdSource } from './collect.ts';
import { MAX_LINE_BYTES } from './lines.ts';
import type { Outcome } from './outcome.ts';
import { createSshdParser } from './sshd.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const DATA = resolve(REPOSITORY, process.env.AUTHSEAL_DATA ?? '../shared/data');
const LOG = `${DATA}/openssh/OpenSSH_2k.log`;

const options = { tenant: null, year: 2026, now: new Date('2026-12-31T00:00:00Z') };

const parse = (message: string, number = 1): Outcome =>
  createSshdParser(options)(`Dec 10 06:55:48 LabSZ sshd[24200]: ${message}`, number);

function eventsOf(outcome: Outcome): EventInput[] {
  if (!('events' in outcome)) throw new Error(JSON.stringify(outcome));
  for (const event of outcome.events) encodeEvent(completeEvent(event, 'sshd'));
  return outcome.events;
}

describe('a line of sshd', () => {
  it('that accepts a login is LOGIN_SUCCEEDED, with time, address, port and host', () => {
    const [event] = eventsOf(
      parse('Accepted password for fztu from 119.137.62.142 port 49116 ssh2'),
    );
    expect(event).toMatchObject({
      kind: 'LOGIN_SUCCEEDED',
      time: Date.UTC(2026, 11, 10, 6, 55, 48) * 1000,
      actor: { type: 'USER', id: 'fztu' },
      source: { ip: '119.137.62.142', port: 49116 },
      target: { type: 'host', id: 'LabSZ' },
      login: { method: 'password' },
      sourceId: 'LabSZ/sshd[24200]/1',
      attributes: { logTime: 'Dec 10 06:55:48', pid: '24200' },
    });
  });

  it('that accepts a key keeps the key', () => {
    const [event] = eventsOf(
      parse('Accepted publickey for ana from 2001:db8::7 port 50 ssh2: ED25519 SHA256:abc/def'),
    );
    expect(event).toMatchObject({
      login: { method: 'publickey' },
      source: { ip: '2001:db8::7' },
      attributes: { key: 'ED25519 SHA256:abc/def' },
    });
  });

  it('that refuses a login is LOGIN_FAILED, and tells users from those who are none', () => {
    const known = eventsOf(parse('Failed password for root from 5.36.59.76 port 42393 ssh2'));
    const invalid = eventsOf(
      parse('Failed none for invalid user  0101 from 5.188.10.180 port 1 ssh2'),
    );
    expect(known).toMatchObject([
      { kind: 'LOGIN_FAILED', actor: { type: 'USER', id: 'root' }, reason: 'password failed' },
    ]);
    expect(invalid).toMatchObject([
      {
        actor: { type: 'ANONYMOUS', id: ' 0101' },
        reason: 'invalid user',
        login: { method: 'none' },
      },
    ]);
  });

  it('that syslog shortened stands for as many events, each with an id of its own', () => {
    const line =
      'message repeated 5 times: [ Failed password for root from 5.36.59.76 port 42393 ssh2]';
    const events = eventsOf(parse(line, 29));
    expect(events.map(({ sourceId }) => sourceId)).toEqual(
      [1, 2, 3, 4, 5].map((n) => `LabSZ/sshd[24200]/29.${n}`),
    );
    expect(new Set(events.map(({ id }) => id)).size).toBe(5);
  });

  it('that claims to stand for more lines than can be is malformed', () => {
    for (const times of ['0', '10001', '9'.repeat(400)]) {
      const line = `message repeated ${times} times: [ Failed password for a from 1.1.1.1 port 1 ssh2]`;
      expect(parse(line)).toHaveProperty('malformed');
    }
  });

  it('that names a user who is not allowed is ACCESS_DENIED', () => {
    const [event] = eventsOf(
      parse('User bin from 10.0.0.9 not allowed because not listed in AllowUsers'),
    );
    expect(event).toMatchObject({
      kind: 'ACCESS_DENIED',
      actor: { id: 'bin' },
      accessDenial: { resource: 'LabSZ', action: 'ssh login', policy: 'not listed in AllowUsers' },
    });
  });

  it('cannot be made to show another address by a user name', () => {
    const name = 'x from 6.6.6.6 port 6 ssh2: y';
    const [event] = eventsOf(
      parse(`Failed password for invalid user ${name} from 5.5.5.5 port 9 ssh2`),
    );
    expect(event).toMatchObject({ actor: { id: name }, source: { ip: '5.5.5.5', port: 9 } });
  });

  it('of another program is skipped, and one that is no syslog malformed', () => {
    const parse = createSshdParser(options);
    expect(
      parse('Dec 10 06:55:48 LabSZ CRON[7]: pam_unix(cron:session): session opened', 1),
    ).toEqual({
      skipped: 'other program',
    });
    expect(parse('hello', 2)).toHaveProperty('malformed');
    expect(
      parse('Feb 30 06:55:48 LabSZ sshd[1]: Server listening on :: port 22.', 3),
    ).toHaveProperty('malformed');
  });

  it('has the time of its ISO 8601 form to the microsecond', () => {
    const [event] = eventsOf(
      createSshdParser(options)(
        '2026-12-10T07:55:48.123456+01:00 web-1 sshd-session[9]: Accepted password for a from 1.1.1.1 port 5 ssh2',
        1,
      ),
    );
    expect(event?.time).toBe(Date.UTC(2026, 11, 10, 6, 55, 48) * 1000 + 123_456);
  });
});

describe('the year of a line that names none', () => {
  const timesOf = (year: number | undefined, ...days: string[]) => {
    const parse = createSshdParser({ tenant: null, year, now: new Date('2026-03-01T12:00:00Z') });
    return days.map((day, i) => {
      const line = `${day} 12:00:00 h sshd[1]: Failed password for a from 1.1.1.1 port 1 ssh2`;
      return new Date(Number(eventsOf(parse(line, i + 1))[0]?.time) / 1000)
        .toISOString()
        .slice(0, 10);
    });
  };

  it('is the one given for the first line, and turns with the months', () => {
    expect(timesOf(2023, 'Dec 30', 'Jan  1', 'Dec 31', 'Feb 29')).toEqual([
      '2023-12-30',
      '2024-01-01',
      '2023-12-31',
      '2024-02-29',
    ]);
  });

  it('is else the latest that is not in the future', () => {
    expect(timesOf(undefined, 'Mar  1', 'Mar  3', 'Dec 10')).toEqual([
      '2026-03-01',
      '2025-03-03',
      '2025-12-10',
    ]);
  });
});

async function tally(chunks: readonly Buffer[]) {
  async function* input() {
    yield* chunks;
  }
  const counts = { read: 0, events: 0, withEvents: 0, skipped: 0, malformed: 0 };
  for await (const { outcome } of sshdSource(options)(input(), 'log')) {
    counts.read++;
    if ('events' in outcome) {
      counts.withEvents++;
      counts.events += outcome.events.length;
    } else if ('skipped' in outcome) counts.skipped++;
    else counts.malformed++;
  }
  return counts;
}

describe('a log of sshd', () => {
  it('accounts for each line, whatever its bytes and however they arrive', async () => {
    const word = fc.constantFrom(
      'Failed',
      'Accepted',
      ' for ',
      ' from ',
      'port 1',
      ': ',
      'ssh2',
      '\n',
    );
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      word.map((text) => Buffer.from(text)),
      fc.constant(Buffer.from('Dec 10 06:55:48 LabSZ sshd[1]: ')),
      fc.constant(Buffer.alloc(MAX_LINE_BYTES + 1, 'x')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 30 }), async (chunks) => {
        const whole = Buffer.concat(chunks);
        const newlines = whole.filter((byte) => byte === 0x0a).length;
        const lines = newlines + (whole.length > 0 && whole.at(-1) !== 0x0a ? 1 : 0);
        const { read, withEvents, skipped, malformed } = await tally(chunks);
        expect(read).toBe(lines);
        expect(withEvents + skipped + malformed).toBe(lines);
      }),
    );
  });

  it('tells of every login of the LabSZ log, and of nothing else', async () => {
    // Counted apart: the attempts are the lines of this kind, with the repetitions of two of them.
    const text = readFileSync(LOG, 'latin1');
    const single = text.match(/\]: (Failed|Accepted) /g)?.length ?? 0;
    const repeated = [...text.matchAll(/message repeated (\d+) times: \[ Failed/g)];
    const { events, read, malformed } = await tally([readFileSync(LOG)]);
    expect(read).toBe(2000);
    expect(malformed).toBe(0);
    expect(events).toBe(single + repeated.reduce((sum, [, times]) => sum + Number(times), 0));
    expect(events).toBe(533);
  });
});
