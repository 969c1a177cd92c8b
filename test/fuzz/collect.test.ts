/**
 * The border of real logs: sshd's lines and CloudTrail's records, plain or gzip, whole or broken. Each
 * line and each record is an event, or counted as skipped or malformed, and a file that cannot be read
 * to its end is named: nothing that was there is missing in the account. Memory does not grow with
 * what a line, a record or a nesting claims to be, nor time faster than its length.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  cloudTrailSource,
  collect,
  type Source,
  sshdSource,
} from '../../producer-sdk/src/collect/collect.ts';
import { jsonLinesSink } from '../../producer-sdk/src/collect/sink.ts';
import { Tally } from '../../producer-sdk/src/collect/tally.ts';
import { held, peak } from './memory.ts';
import { mutated } from './mutations.ts';
import { cases, TIMEOUT } from './rounds.ts';

const folder = mkdtempSync(join(tmpdir(), 'authseal-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'log');

const MIB = 1024 * 1024;
/** MiB that reading may take beside the chunk at hand. */
const BOUND = 96;
/** Milliseconds that no log of some megabytes may take. */
const LONG = 20_000;

const SSHD = sshdSource({ tenant: null, now: new Date('2026-12-31T00:00:00Z') });
const CLOUDTRAIL = cloudTrailSource({ tenant: 'acme' });

type Account = { tally: Tally; added: number; printed: number };

/** The account of one file, of which what must always hold is checked. */
async function accountOf(source: Source, bytes: Buffer): Promise<Account> {
  writeFileSync(file, bytes);
  const tally = new Tally();
  let printed = 0;
  const output = new Writable({
    write(_, __, done) {
      printed += 1;
      done();
    },
  });
  const sink = jsonLinesSink('fuzz', output, tally);
  let added = 0;
  const counting: typeof sink = {
    ...sink,
    add(event, place) {
      added += 1;
      return sink.add(event, place);
    },
  };
  const { signal } = new AbortController();
  await collect({ source, files: [file], sink: counting, tally, onRead() {}, signal });
  expect(tally.withEvents + tally.skipped.total + tally.malformed.total).toBe(tally.read);
  expect(added).toBeGreaterThanOrEqual(tally.withEvents);
  expect(tally.events.total + tally.refused.total).toBe(added);
  expect(printed).toBe(tally.events.total);
  const faults = tally.malformed.total + tally.refused.total + tally.unreadable.length;
  expect(tally.isComplete).toBe(faults === 0);
  expect(tally.table('lines')).not.toMatch(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/u);
  return { tally, added, printed };
}

/** Lines by their ends; the last may lack its own. */
function linesIn(bytes: Buffer): number {
  const ends = bytes.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0);
  return ends + (bytes.length > 0 && bytes.at(-1) !== 0x0a ? 1 : 0);
}

/** What a gzip file holds; null when a part of it is none. */
function textOf(bytes: Buffer): Buffer | null {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    const { buffer, engine } = gunzipSync(bytes, { info: true } as object) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return engine.bytesWritten === bytes.length ? buffer : null;
  } catch {
    return null;
  }
}

const head = 'Dec 10 06:55:48 LabSZ sshd[24200]: ';
const SSHD_LOG = [
  `${head}Accepted publickey for ana from 2001:db8::7 port 50 ssh2: ED25519 SHA256:abc/def`,
  `${head}Failed password for invalid user  0101 from 5.188.10.180 port 1 ssh2`,
  `${head}message repeated 5 times: [ Failed password for root from 5.36.59.76 port 42393 ssh2]`,
  `${head}User bin from 10.0.0.9 not allowed because not listed in AllowUsers`,
  `${head}Connection closed by 192.0.2.1 [preauth]`,
  '2026-12-10T06:55:46.123456+01:00 host sshd-session[7]: Accepted password for b from 192.0.2.2 port 2 ssh2',
  'Dec 10 06:55:48 LabSZ CRON[1]: (root) CMD (x)',
  '',
].join('\n');

const call = (eventName: string, more: object = {}) => ({
  eventID: '5e9b1f0c-0000-4000-8000-000000000001',
  eventTime: '2026-08-01T13:33:28Z',
  eventSource: 'iam.amazonaws.com',
  eventName,
  sourceIPAddress: '192.0.2.7',
  userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::1:user/a', userName: 'a' },
  ...more,
});
const RECORDS = [
  call('AttachUserPolicy', {
    requestParameters: { policyArn: 'arn:aws:iam::aws:policy/X', userName: 'e' },
  }),
  call('ConsoleLogin', {
    eventSource: 'signin.amazonaws.com',
    responseElements: { ConsoleLogin: 'Success' },
  }),
  call('ListBuckets', {
    errorCode: 'AccessDenied',
    errorMessage: 'not authorized to perform: s3:x because no identity-based policy allows',
  }),
  call('CreatePolicy', {
    requestParameters: {
      policyName: 'p',
      policyDocument: '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    },
  }),
  call('DescribeInstances', { eventSource: 'ec2.amazonaws.com', readOnly: true }),
  { nested: [[{ a: '\\"]}' }]] },
];
const TRAILS = [
  JSON.stringify(RECORDS),
  JSON.stringify({ Records: RECORDS }, null, 1),
  RECORDS.map((record) => JSON.stringify(record)).join('\n'),
].map((text) => Buffer.from(text));

/** How many records a text must give, when it is JSON of a form that says so. */
function recordsIn(text: string): number | null {
  try {
    const value = JSON.parse(text.replace(/^\ufeff/, ''));
    const list = Array.isArray(value)
      ? value
      : Object.keys(value).join() === 'Records'
        ? value.Records
        : [value];
    return Array.isArray(list) ? list.length : 1;
  } catch {
    return null;
  }
}

describe("sshd's lines", () => {
  it('are each an event or counted, whatever they hold', TIMEOUT, async () => {
    const before = await held();
    await fc.assert(
      fc.asyncProperty(
        mutated([Buffer.from(SSHD_LOG), Buffer.from(SSHD_LOG.replaceAll('\n', '\r\n'))]),
        async ({ bytes }) => {
          const { tally } = await accountOf(SSHD, bytes);
          const text = textOf(bytes);
          if (text === null) expect(tally.unreadable.length).toBe(1);
          else expect([tally.read, tally.unreadable]).toEqual([linesIn(text), []]);
        },
      ),
      cases(4000),
    );
    expect((await held()) - before).toBeLessThan(48);
  });

  it('in gzip files are all read, or the file is named', TIMEOUT, async () => {
    const zipped = gzipSync(SSHD_LOG);
    const originals = [
      zipped,
      Buffer.concat([zipped, zipped]),
      Buffer.concat([zipped, Buffer.from(SSHD_LOG)]),
      Buffer.concat([zipped, Buffer.alloc(512), zipped]),
    ];
    const outcomes = new Set<string>();
    const changed = mutated(originals).map(({ bytes }) => bytes);
    await fc.assert(
      fc.asyncProperty(fc.oneof(changed, fc.constantFrom(...originals)), async (bytes) => {
        const { tally } = await accountOf(SSHD, bytes);
        const text = textOf(bytes);
        outcomes.add(text === null ? 'named' : 'read');
        if (text === null) expect(tally.unreadable.length).toBe(1);
        else expect([tally.read, tally.unreadable]).toEqual([linesIn(text), []]);
      }),
      cases(2000),
    );
    expect(outcomes.size).toBe(2);
  });
});

describe("CloudTrail's records", () => {
  it('are each an event or counted, or the file is named', TIMEOUT, async () => {
    const before = await held();
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(mutated(TRAILS), async ({ bytes }) => {
        const { tally } = await accountOf(CLOUDTRAIL, bytes);
        const expected = recordsIn(bytes.toString());
        const [outcome] =
          tally.unreadable.length > 0 ? ['named'] : [expected === null ? 'else' : 'counted'];
        outcomes.set(outcome as string, (outcomes.get(outcome as string) ?? 0) + 1);
        if (outcome === 'counted') expect(tally.read).toBe(expected);
      }),
      cases(4000),
    );
    expect([...outcomes.keys()].sort()).toEqual(['counted', 'else', 'named']);
    expect((await held()) - before).toBeLessThan(48);
  });
});

describe('a log made to harm', () => {
  const long = (text: string, bytes = MIB - 2000) => text.repeat(Math.floor(bytes / text.length));
  const line = (message: string) => Buffer.from(`${`${head}${message}`.slice(0, 65_000)}\n`);

  it.each([
    ['from', line(`Failed password for ${long(' from a port 1')} x`)],
    ['for', line(`Failed ${long('a for ')}`)],
    ['ports', line(`Accepted x for y from ${long('1 port 1 ssh2: ')}`)],
    ['not allowed', line(`User ${long(' from x not allowed')}`)],
    ['repeated', line(`message repeated ${long('9')} times: [ x]`)],
    ['PAM', line(`PAM service(${long(') ignoring max ')}`)],
    ['brackets', Buffer.from(`${`Dec 10 06:55:48 h ${long('[1]')}`.slice(0, 65_000)}\n`)],
  ])('of sshd costs time as its length: %s', TIMEOUT, async (_, one) => {
    const began = performance.now();
    const { tally } = await accountOf(SSHD, Buffer.concat(Array(20).fill(one)));
    expect(tally.read).toBe(20);
    expect(performance.now() - began).toBeLessThan(LONG);
  });

  it.each([
    ['no policy', { errorCode: 'AccessDenied', errorMessage: long('because no ') }],
    ['perform', { errorCode: 'AccessDenied', errorMessage: long('perform: a-') }],
    ['resource', { errorCode: 'AccessDenied', errorMessage: long('on resource: ') }],
    ['digits of a name', { eventName: long('12345678v') }],
    ['domains', { eventSource: long('.amazonaws.com.') }],
    ['addresses', { sourceIPAddress: `${long('1.')}x` }],
    ['slashes', { userIdentity: { type: 'AssumedRole', arn: long('/') } }],
    [
      'a deep policy',
      {
        eventName: 'PutUserPolicy',
        requestParameters: { policyName: 'x', policyDocument: long('[') },
      },
    ],
    [
      'a policy of policies',
      {
        eventName: 'PutUserPolicy',
        requestParameters: {
          policyName: 'x',
          policyDocument: `${long('[', 400_000)}${long(']', 400_000)}`,
        },
      },
    ],
  ])('of CloudTrail costs time as its length: %s', TIMEOUT, async (_, more) => {
    const began = performance.now();
    const { tally } = await accountOf(
      CLOUDTRAIL,
      Buffer.from(JSON.stringify([call('PutUserPolicy', more)])),
    );
    expect(tally.read).toBe(1);
    expect(performance.now() - began).toBeLessThan(LONG);
  });

  /** A chunk again and again, as a pipe would bring it that has no end. */
  async function* endless(chunk: string, mebibytes: number): AsyncGenerator<Buffer> {
    const bytes = Buffer.from(chunk.repeat(Math.ceil(65_536 / chunk.length)));
    for (let left = mebibytes * MIB; left > 0; left -= bytes.length) yield Buffer.from(bytes);
  }

  it.each([
    ['a line without an end', SSHD, 'x', 1],
    ['nothing but ends of lines', SSHD, '\n', MIB],
    ['a text without an end', CLOUDTRAIL, `{"a":"${'x'.repeat(65_000)}`, 1],
    ['maps in maps', CLOUDTRAIL, '{"a":', 1],
    ['lists in lists', CLOUDTRAIL, '{"a":[[', 1],
    ['spaces', CLOUDTRAIL, ' ', 0],
    ['records', CLOUDTRAIL, '{}', MIB / 2],
  ])('of no end takes bounded memory: %s', TIMEOUT, async (_, source, chunk, least) => {
    await held();
    const top = peak();
    let read = 0;
    try {
      for await (const { outcome } of source(endless(chunk, least > 1 ? 1 : 64), 'endless')) {
        if (!('events' in outcome || 'skipped' in outcome || 'malformed' in outcome)) break;
        read += 1;
      }
    } catch (error) {
      expect(error).toMatchObject({ code: 'UNREADABLE_INPUT' });
      read += 1;
    }
    expect(read).toBeGreaterThanOrEqual(least);
    expect(peak() - top).toBeLessThan(BOUND);
  });
});
