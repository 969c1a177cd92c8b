import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase64 } from './base64.ts';
import { encodeHeader, type Header, originOf, parseHeader, partitionOf } from './header.ts';
import { sha256 } from './merkle.ts';
import { codeOf } from './testing/failure.ts';

const hash = (seed: string): string => encodeBase64(sha256(seed));

const FIRST: Header = {
  format: 'authseal/batch/v1',
  origin: 'prod/auth-events/0',
  batch: 0,
  previous: null,
  first: 0,
  count: 0,
  offsets: { from: 0, to: 0 },
  lost: [],
  before: [],
  entries: [],
  sealedAt: 1_700_000_000_123,
  retainUntil: 1_800_000_000_000,
  heartbeat: 300,
  partitions: 2,
  problems: {},
  schema: hash('schema'),
};

const LATER: Header = {
  ...FIRST,
  batch: 7,
  previous: { header: hash('previous'), retainUntil: 1_790_000_000_000 },
  first: 10,
  count: 2,
  offsets: { from: 100, to: 110 },
  lost: [
    { from: 100, to: 102 },
    { from: 105, to: 106 },
  ],
  before: [hash('a'), hash('b')],
  entries: [hash('c')],
  problems: { MALFORMED: 1 },
};

/** JSON with sorted keys and no white space: RFC 8785 for what a header holds. */
function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([k, v]) => `${JSON.stringify(k)}:${canonicalText(v)}`).join(',')}}`;
}

const bytesOf = (value: unknown): Buffer => Buffer.from(canonicalText(value));
const codeFor = (value: unknown): string => codeOf(() => parseHeader(bytesOf(value)));
const codeForText = (text: string): string => codeOf(() => parseHeader(Buffer.from(text)));

describe('a header', () => {
  it('is written as RFC 8785 canonical JSON and reads back', () => {
    for (const header of [FIRST, LATER]) {
      expect(encodeHeader(header)).toEqual(bytesOf(header));
      expect(parseHeader(bytesOf(header))).toEqual(header);
    }
    expect(encodeHeader(FIRST).toString().slice(0, 60)).toBe(
      '{"batch":0,"before":[],"count":0,"entries":[],"first":0,"for',
    );
  });

  it('has one form only: order, white space, escapes and numbers are fixed', () => {
    const text = canonicalText(FIRST);
    for (const other of [
      ` ${text}`,
      `${text}\n`,
      `\ufeff${text}`,
      JSON.stringify(FIRST),
      JSON.stringify(FIRST, null, 1),
      text.replace('"batch":0', '"batch":-0'),
      text.replace('"batch":0', '"batch":0.0'),
      text.replace('"batch":0', '"batch":0e0'),
      text.replace('"heartbeat":300', '"heartbeat":3e2'),
      text.replace('"heartbeat":300', '"heartbeat":3E2'),
      text.replace('"heartbeat":300', '"heartbeat":300.0'),
      text.replace('"batch"', '"\\u0062atch"'),
      text.replace('prod/auth', 'prod\\/auth'),
      text.replace('"batch":0', '"batch":0,"batch":0'),
      text.replace('"batch":0', '"batch":1,"batch":0'),
      text.replace('{"batch"', '{"__proto__":{},"__proto__":{},"batch"'),
      text.slice(0, -1),
      `${text}${text}`,
      '',
      'null',
      '[]',
      '"x"',
      '{}'.repeat(2),
    ]) {
      expect(codeForText(other), other).toBe('HEADER_MALFORMED');
    }
    expect(codeOf(() => parseHeader(Buffer.concat([Buffer.of(0xff), bytesOf(FIRST)])))).toBe(
      'HEADER_MALFORMED',
    );
  });

  it('refuses bytes that are no UTF-8, though decoding would put U+FFFD for them', () => {
    const bytes = bytesOf({ ...FIRST, zzz: '\ufffd' });
    expect(codeOf(() => parseHeader(bytes))).toBe('NO_ERROR');
    const at = bytes.indexOf('\ufffd');
    const other = Buffer.concat([bytes.subarray(0, at), Buffer.of(0xff), bytes.subarray(at + 3)]);
    expect(codeOf(() => parseHeader(other))).toBe('HEADER_MALFORMED');
  });

  it('refuses a lone surrogate, which is no Unicode', () => {
    const text = canonicalText({ ...FIRST, zzz: 'x' }).replace('"x"', '"\\ud800"');
    expect(codeForText(text)).toBe('HEADER_MALFORMED');
  });

  it('is refused with the cause', () => {
    const caused = (cause: unknown) => expect.objectContaining({ cause });
    const surrogate = canonicalText({ a: 'x' }).replace('"x"', '"\\ud800"');
    expect(() => parseHeader(Buffer.from('{'))).toThrow(caused(expect.any(SyntaxError)));
    expect(() => parseHeader(Buffer.from(surrogate))).toThrow(caused(expect.any(Error)));
    expect(() => encodeHeader({ ...FIRST, count: -1 })).toThrow(
      caused(expect.objectContaining({ code: 'HEADER_MALFORMED' })),
    );
  });

  it('survives nesting as deep as its size allows', () => {
    const deep = '['.repeat(32_000) + ']'.repeat(32_000);
    expect(codeForText(`{"a":${deep}}`)).toBe('FORMAT_UNKNOWN');
    expect(codeForText(`{"format":${deep}}`)).toBe('FORMAT_UNKNOWN');
    expect(codeForText(canonicalText(FIRST).replace(/}$/, `,"zzz":${deep}}`))).toBe('NO_ERROR');
    expect(codeForText('['.repeat(60_000))).toBe('HEADER_MALFORMED');
  });

  it('of another format is refused as such, before anything else is judged', () => {
    for (const format of ['authseal/batch/v2', '', null, 1, ['authseal/batch/v1']]) {
      expect(codeFor({ ...FIRST, format })).toBe('FORMAT_UNKNOWN');
      expect(codeFor({ format })).toBe('FORMAT_UNKNOWN');
    }
    expect(codeFor({})).toBe('FORMAT_UNKNOWN');
    const formatOf = (format: unknown) => () => parseHeader(bytesOf({ ...FIRST, format }));
    expect(formatOf('authseal/batch/v2')).toThrow('has as format "authseal/batch/v2"; this');
    expect(formatOf(2)).toThrow('has as format no text; this');
  });

  it('lacks no member', () => {
    for (const member of Object.keys(FIRST).filter((name) => name !== 'format')) {
      const { [member as keyof Header]: _, ...rest } = FIRST;
      expect(codeFor(rest), member).toBe('HEADER_MALFORMED');
      expect(() => parseHeader(bytesOf(rest))).toThrow(`it lacks "${member}"`);
    }
  });

  it('may have members that are not known yet, whatever their names', () => {
    for (const name of [
      'aaa',
      'zzz',
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      '0',
    ]) {
      const header = parseHeader(bytesOf({ ...LATER, ...JSON.parse(`{"${name}":{"first":99}}`) }));
      expect(header.first).toBe(LATER.first);
      expect(Object.getPrototypeOf(header)).toBe(Object.prototype);
      expect(({} as { first?: number }).first).toBeUndefined();
    }
  });

  it('takes no member from a prototype', () => {
    const { schema, ...rest } = FIRST;
    const text = canonicalText(rest).replace(
      '{"batch"',
      `{"__proto__":{"schema":"${schema}"},"batch"`,
    );
    expect(codeForText(text)).toBe('HEADER_MALFORMED');
  });

  it('has members of the right type and range', () => {
    const tooLarge = 2 ** 53;
    const counts = [-1, 0.5, tooLarge, '1', true, null, [], {}];
    const wrong: Record<string, readonly unknown[]> = {
      origin: [
        '',
        'prod',
        'prod/t',
        'Prod/t/0',
        'prod/t/00',
        'prod/t/-1',
        'prod/t/100000',
        'prod/t/0/0',
        'prod/a b/0',
        'prod/t/0\n',
        'prod/t/1a',
        ['prod/t/0'],
        7,
        null,
      ],
      batch: [...counts, 1e12],
      previous: [
        undefined,
        {},
        [],
        'x',
        { header: hash('x') },
        { header: hash('x'), retainUntil: -1 },
        { header: 'x', retainUntil: 0 },
        { header: null, retainUntil: 0 },
      ],
      first: counts,
      count: counts,
      offsets: [
        null,
        [],
        {},
        { from: 0 },
        { from: 5, to: 4 },
        { from: -1, to: 4 },
        { from: 0, to: tooLarge },
      ],
      lost: [null, {}, [{ from: 1 }], [null], 'x'],
      before: [null, {}, ['x'], [1], [hash('x').slice(1)], [hash('x').replace('=', '')]],
      entries: [null, {}, ['x'], [null]],
      sealedAt: [...counts, 253_402_300_800_000],
      retainUntil: [...counts, 253_402_300_800_000],
      heartbeat: [-1, 0, 0.5, '1', true, [], tooLarge],
      partitions: [...counts, 0],
      problems: [null, [], { MALFORMED: 0 }, { MALFORMED: -1 }, { MALFORMED: '1' }],
      schema: [null, '', 'x', hash('x').slice(4), `${hash('x')}\n`],
      block: [null, '', 1, 'x', hash('x').slice(4)],
      rotation: [null, {}, [], 'vkey', { next: 1 }, { next: null }],
    };
    for (const [member, values] of Object.entries(wrong)) {
      for (const value of values) {
        if (value === undefined) continue;
        expect(codeFor({ ...LATER, [member]: value }), `${member} ${JSON.stringify(value)}`).toBe(
          'HEADER_MALFORMED',
        );
      }
    }
    expect(codeFor({ ...LATER, heartbeat: null, block: hash('b'), rotation: { next: 'k' } })).toBe(
      'NO_ERROR',
    );
    for (const change of [
      { batch: 999_999_999_999 },
      { partitions: 1 },
      ...[1, 9, 10, 99_999].map((partition) => ({
        origin: `a.b-0/A_b.c-9/${partition}`,
        partitions: partition + 1,
      })),
    ]) {
      expect(codeFor({ ...LATER, ...change }), JSON.stringify(change)).toBe('NO_ERROR');
    }
  });

  it('has members that agree with each other', () => {
    const previous = { header: hash('x'), retainUntil: 0 };
    const retained = LATER.retainUntil;
    const wrong: Partial<Header>[] = [
      { ...FIRST, previous },
      { ...FIRST, first: 1 },
      { ...FIRST, offsets: { from: 1, to: 1 } },
      { previous: null },
      { count: 11 },
      { count: 0, entries: [], offsets: { from: 5, to: 4 } },
      { lost: [{ from: 99, to: 101 }] },
      { lost: [{ from: 109, to: 111 }] },
      { lost: [{ from: 102, to: 102 }] },
      { lost: [{ from: 103, to: 102 }] },
      {
        lost: [
          { from: 105, to: 107 },
          { from: 100, to: 101 },
        ],
      },
      {
        lost: [
          { from: 101, to: 104 },
          { from: 103, to: 105 },
        ],
      },
      { sealedAt: retained + 1 },
      { retainUntil: retained + 1 },
      { previous: { header: hash('x'), retainUntil: retained + 1000 } },
      { origin: 'prod/auth-events/2' },
      { first: Number.MAX_SAFE_INTEGER - 2 },
    ];
    for (const change of wrong) {
      expect(codeFor({ ...LATER, ...change }), JSON.stringify(change)).toBe('HEADER_MALFORMED');
    }
    expect(
      codeFor({
        ...LATER,
        lost: [
          { from: 100, to: 102 },
          { from: 102, to: 103 },
        ],
      }),
    ).toBe('NO_ERROR');
  });

  it('stays below 65,535 bytes', () => {
    const room = 65_534 - bytesOf({ ...FIRST, zzz: '' }).length;
    expect(codeFor({ ...FIRST, zzz: 'x'.repeat(room) })).toBe('NO_ERROR');
    expect(codeFor({ ...FIRST, zzz: 'x'.repeat(room + 1) })).toBe('HEADER_MALFORMED');
  });

  it('that no reader would take is not written', () => {
    for (const change of [
      { sealedAt: 0.5 },
      { retainUntil: Number.NaN },
      { count: -1 },
      { origin: 'x' },
    ] as Partial<Header>[]) {
      expect(codeOf(() => encodeHeader({ ...FIRST, ...change }))).toBe('OUT_OF_RANGE');
    }
  });

  it('of any JSON, and of any bytes, is refused by nothing but a LedgerError', () => {
    const anyMember = fc.constantFrom(...Object.keys(LATER), 'rotation', 'block', '__proto__');
    fc.assert(
      fc.property(anyMember, fc.jsonValue(), (member, value) => {
        codeFor({
          ...LATER,
          ...JSON.parse(`{${JSON.stringify(member)}:${JSON.stringify(value)}}`),
        });
        codeForText(JSON.stringify(value));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (array) => {
        expect(codeOf(() => parseHeader(Buffer.from(array)))).not.toBe('NO_ERROR');
      }),
    );
  });
});

describe('an origin', () => {
  it('is made of deployment, topic and partition', () => {
    expect(originOf('prod', 'auth-events', 12)).toBe('prod/auth-events/12');
    expect(partitionOf('prod/auth-events/12')).toBe(12);
  });
});
