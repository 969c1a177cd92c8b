/**
 * The border of header JSON: whatever the bytes and whatever stands in a member, a header is refused
 * with LedgerError, or it is canonical: written again it gives the same bytes. It takes no memory nor
 * stack by what it says of itself.
 */
import { BatchBuilder, headAfter, LedgerError, newLog } from '@authseal/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeHeader, parseHeader } from '../../ledger/src/header.ts';
import { testSigner } from '../../ledger/src/testing/keys.ts';
import { MIXED, ORIGIN, sealLog, TERMS } from '../../ledger/src/testing/records.ts';
import { held } from './memory.ts';
import { mutated } from './mutations.ts';
import { isRefused, tried } from './refusal.ts';
import { cases, TIMEOUT } from './rounds.ts';

const log = await sealLog([
  MIXED.slice(0, 3),
  [],
  MIXED.map((r) => ({ ...r, offset: r.offset + 3 })),
]);
const signer = testSigner('ledger tests');
const losing = new BatchBuilder(newLog(ORIGIN));
losing.lose(7);
const rotated = await losing.seal(TERMS, { signer, next: testSigner('next') });
const headers = [...log, rotated].map(({ header }) => header);
const originals = headers.map(encodeHeader);

/** RFC 8785 for what needs no more than ordered members: JSON.stringify does the rest. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** Values that a type or a range was forgotten for. */
const ODD: readonly unknown[] = [
  0,
  -1,
  1.5,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  1e21,
  '',
  '\ud800',
  `${'A'.repeat(43)}=`,
  null,
  true,
  [],
  {},
  { toString: 1, valueOf: 1, toJSON: 1 },
  { from: 1, to: 0 },
  [{ from: 0, to: 0 }],
  { header: 'AA==', retainUntil: 0 },
  { NULL_VALUE: 0 },
  { next: 7 },
];
const value = fc.oneof(fc.constantFrom(...ODD), fc.jsonValue({ maxDepth: 3 }));
const names = [...new Set(headers.flatMap((header) => Object.keys(header)))];
const member = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...names) },
  fc.constantFrom('__proto__', 'constructor', 'toString', 'unknown', ''),
);

let accepted = 0;
function judge(bytes: Buffer): void {
  const header = tried(LedgerError, () => parseHeader(bytes));
  if (isRefused(header)) {
    expect(['HEADER_MALFORMED', 'FORMAT_UNKNOWN']).toContain(header.code);
    return;
  }
  accepted += 1;
  expect(encodeHeader(header)).toEqual(bytes);
  const head = tried(LedgerError, () => headAfter(header, bytes));
  if (!isRefused(head)) expect(head.range.end).toBe(header.first + header.count + 1);
}

describe('a header', () => {
  it('changed in its bytes is refused or canonical', TIMEOUT, async () => {
    const before = await held();
    fc.assert(
      fc.property(mutated(originals), ({ bytes }) => judge(bytes)),
      cases(),
    );
    expect((await held()) - before).toBeLessThan(48);
  });

  it('with any value in any member is refused or canonical', TIMEOUT, () => {
    accepted = 0;
    const changes = fc.array(fc.tuple(member, value), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom(...headers), changes, (header, members) => {
        const changed = new Map<string, unknown>([...Object.entries(header), ...members]);
        const texts = [...changed].sort(([a], [b]) => (a < b ? -1 : 1));
        const pairs = texts.map(([name, of]) => `${JSON.stringify(name)}:${canonical(of)}`);
        judge(Buffer.from(`{${pairs.join()}}`));
      }),
      cases(),
    );
    expect(accepted).toBeGreaterThan(500);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it.each(['format', 'lost', 'problems', 'unknown'])(
    'nested in %s as deep as fits is refused or canonical',
    (name) => {
      for (const depth of [100, 1000, 5000, 31_000]) {
        for (const [open, close] of [
          ['[', ']'],
          ['{"a":', '}'],
        ] as const) {
          const fitting = Math.min(depth, Math.floor(60_000 / (open.length + 1)));
          const deep = open.repeat(fitting) + (open === '[' ? '' : '0') + close.repeat(fitting);
          const text = JSON.stringify({ ...headers[0], [name]: 'DEEP' });
          judge(Buffer.from(text.replace('"DEEP"', deep)));
          const members = Object.entries({ ...headers[0], [name]: 'DEEP' }).sort(([a], [b]) =>
            a < b ? -1 : 1,
          );
          const pairs = members.map(
            ([key, of]) => `"${key}":${of === 'DEEP' ? deep : canonical(of)}`,
          );
          judge(Buffer.from(`{${pairs.join()}}`));
        }
      }
    },
  );
});
