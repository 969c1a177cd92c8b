import {
  AUTH_EVENT_FINGERPRINT,
  classifyValue,
  ENTRY_SCHEMA_TEXT,
  type EntrySchema,
  RELEASED_ENTRY_SCHEMAS,
} from '@authseal/schemas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  entrySizeBound,
  entryTimestamp,
  PROBLEMS,
  recordHash,
  type SourceRecord,
  writeEntry,
} from './entry.ts';
import {
  EntryCursor,
  type EntryView,
  EVENT_FINGERPRINTS,
  entryValue,
  entryValueHash,
  viewEntry,
} from './entry-view.ts';
import { sha256, sha256Text } from './merkle.ts';
import { codeOf } from './testing/failure.ts';
import { MIXED, record, VALUES } from './testing/records.ts';
import { varint } from './varint.ts';

const schema = [...RELEASED_ENTRY_SCHEMAS.values()].at(-1) as EntrySchema;

const cursor = new EntryCursor();
const view = (entry: Buffer): EntryView => viewEntry(entry, AUTH_EVENT_FINGERPRINT);

function encode(source: SourceRecord, index = 0): Buffer {
  const classified = classifyValue(source.value);
  const room = Buffer.alloc(entrySizeBound(source, classified));
  return room.subarray(0, writeEntry(room, 0, index, source, classified));
}

const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const optionalBytes: fc.Arbitrary<Buffer | null> = fc.option(bytes(70));
const headerName: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constant('__proto__'),
);
const values: fc.Arbitrary<Buffer | null> = fc.oneof(
  fc.constantFrom<Buffer | null>(...Object.values(VALUES)),
  bytes(200),
);
const sourceRecord: fc.Arbitrary<SourceRecord> = fc.record({
  offset: fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 }),
  timestamp: fc.nat({ max: 253_402_300_799_999 }),
  key: optionalBytes,
  headers: fc.array(fc.tuple(headerName, optionalBytes)),
  value: values,
});

describe('an entry', () => {
  it('names the problems in the order of the schema', () => {
    const { fields } = JSON.parse(ENTRY_SCHEMA_TEXT);
    const problem = fields.find(({ name }: { name: string }) => name === 'problem');
    expect(problem.type[1].symbols).toEqual(PROBLEMS);
  });

  it('has header names as they are, at the borders of what takes one byte, two, three and four', () => {
    const names = ['', '\0', '\u007f', '\u0080', 'a\u0080', '\u07ff', '\u0800', '\u{10000}'];
    const headers = names.map((name): [string, null] => [name, null]);
    const entry = encode({ ...record(0, null), headers });
    expect(schema.skip(entry, 0)).toBe(entry.length);
    expect(view(entry).headers).toEqual(headers);
  });

  it('is exactly one canonical entry of the released schema, and gives its parts back', () => {
    fc.assert(
      fc.property(sourceRecord, fc.maxSafeNat(), (source, index) => {
        const entry = encode(source, index);
        expect(schema.skip(entry, 0)).toBe(entry.length);
        const parts = view(entry);
        const { problem, raw, event } = classifyValue(source.value);
        const { offset, timestamp, key, headers } = source;
        expect(parts).toEqual({
          ...{ index, offset, timestamp, key, headers, problem, raw, event },
          eventSchema: AUTH_EVENT_FINGERPRINT,
        });
        expect(entryValue(parts)).toEqual(source.value);
        cursor.read(entry, 0, entry.length);
        const hash = entryValueHash(cursor, AUTH_EVENT_FINGERPRINT);
        expect(hash).toEqual(source.value && sha256Text(source.value));
        expect(schema.read(entry)).toMatchObject({ index, offset, timestamp, key, problem, raw });
      }),
    );
  });

  it('of nothing is as few bytes as Avro allows', () => {
    expect(encode({ ...record(0, null), timestamp: 0 }).toString('hex')).toBe(
      '00000000000200' + '00' + '00',
    );
  });

  it('holds events in the schema that was current when its own was', () => {
    expect([...EVENT_FINGERPRINTS.keys()]).toEqual([...RELEASED_ENTRY_SCHEMAS.values()]);
    expect([...EVENT_FINGERPRINTS.values()].at(-1)).toEqual(AUTH_EVENT_FINGERPRINT);
    const older = Buffer.alloc(8, 1);
    const value = entryValue(viewEntry(encode(record(0, VALUES.canonical)), older));
    expect(value?.subarray(2, 10)).toEqual(older);
    expect(value?.subarray(10)).toEqual(VALUES.canonical.subarray(10));
  });

  it('follows the classification table', () => {
    const fingerprint = AUTH_EVENT_FINGERPRINT;
    const [nothing, canonical, inBlocks, malformed, unknownSchema, confluent, empty] = MIXED.map(
      (source) => view(encode(source)),
    );
    expect(nothing).toMatchObject({ raw: null, event: null, problem: 'NULL_VALUE' });
    expect(canonical).toMatchObject({
      raw: null,
      event: VALUES.canonical.subarray(10),
      problem: null,
    });
    expect(inBlocks).toMatchObject({
      raw: { schema: fingerprint, value: VALUES.inBlocks },
      problem: null,
    });
    expect(inBlocks?.event).not.toBeNull();
    expect(inBlocks?.event).not.toEqual(VALUES.inBlocks.subarray(10));
    expect(malformed).toMatchObject({
      raw: { schema: fingerprint, value: VALUES.malformed },
      event: null,
      problem: 'MALFORMED',
    });
    for (const [parts, value] of [
      [unknownSchema, VALUES.unknownSchema],
      [confluent, VALUES.confluent],
      [empty, VALUES.empty],
    ] as const) {
      expect(parts).toMatchObject({
        raw: { schema: null, value },
        event: null,
        problem: 'UNKNOWN_SCHEMA',
      });
    }
  });

  it('has timestamp 0 where Kafka has one outside the years 1970 to 9999', () => {
    for (const [kafka, kept] of [
      [-1, 0],
      [0, 0],
      [1, 1],
      [253_402_300_799_999, 253_402_300_799_999],
      [253_402_300_800_000, 0],
      [Number.MAX_SAFE_INTEGER, 0],
      [Number.NaN, 0],
    ] as const) {
      expect(entryTimestamp(kafka)).toBe(kept);
      expect(view(encode({ ...record(0, null), timestamp: kafka })).timestamp).toBe(kept);
    }
  });

  const expectRoom = (source: SourceRecord, index: number): void => {
    const classified = classifyValue(source.value);
    const room = Buffer.alloc(entrySizeBound(source, classified) + 10, 0xee);
    const end = writeEntry(room, 0, index, source, classified);
    expect(end).toBeLessThanOrEqual(room.length - 10);
    expect(room.subarray(-10).equals(Buffer.alloc(10, 0xee))).toBe(true);
  };

  it('never takes more room than was said, however its header names are written', () => {
    fc.assert(fc.property(sourceRecord, fc.maxSafeNat(), expectRoom));
  });

  it('never takes more room than was said, whichever of its parts is large', () => {
    const large = Buffer.alloc(5000, 'x');
    const headers = (count: number, name: string, value: Buffer | null) =>
      Array.from({ length: count }, () => [name, value] as const);
    for (const part of [
      { key: large },
      { value: large },
      { value: Buffer.concat([VALUES.canonical, large]) },
      { headers: headers(1, '文'.repeat(5000), null) },
      { headers: headers(1, '', large) },
      { headers: headers(5000, '', null) },
      { headers: headers(5000, '', Buffer.of(1)) },
      { headers: headers(5000, 'é', Buffer.alloc(0)) },
    ]) {
      expectRoom({ ...record(0, null), ...part }, Number.MAX_SAFE_INTEGER);
    }
  });
});

describe('an entry whose parts contradict each other is refused', () => {
  /** index, offset, timestamp, no key, no headers, then these. */
  const entryOf = (...parts: (number | Buffer)[]): Buffer =>
    Buffer.concat([
      Buffer.alloc(5),
      ...parts.map((part) => (typeof part === 'number' ? varint(part) : part)),
    ]);
  const value = VALUES.canonical;
  const body = value.subarray(10);
  const raw = (fingerprint: Buffer | null, rest: Buffer): Buffer =>
    Buffer.concat([
      varint(1),
      ...(fingerprint === null ? [varint(0)] : [varint(1), fingerprint]),
      varint(rest.length),
      rest,
    ]);
  const NO_RAW = 0;
  const NO_EVENT = 0;
  const event = Buffer.concat([varint(1), body]);
  const problem = (symbol: number): Buffer => Buffer.concat([varint(1), varint(symbol)]);
  const NO_PROBLEM = varint(0);
  const OTHER = Buffer.alloc(8, 1);

  it.each([
    ['neither problem, raw nor event', entryOf(NO_PROBLEM, NO_RAW, NO_EVENT)],
    ['no event and no problem', entryOf(NO_PROBLEM, raw(AUTH_EVENT_FINGERPRINT, value), NO_EVENT)],
    ['an event beside a value of unknown schema', entryOf(NO_PROBLEM, raw(null, value), event)],
    ['NULL_VALUE with a value', entryOf(problem(0), raw(null, value), NO_EVENT)],
    ['NULL_VALUE with an event', entryOf(problem(0), NO_RAW, event)],
    ['MALFORMED without a value', entryOf(problem(1), NO_RAW, NO_EVENT)],
    ['MALFORMED with an event', entryOf(problem(1), raw(AUTH_EVENT_FINGERPRINT, value), event)],
    ['MALFORMED of unknown schema', entryOf(problem(1), raw(null, value), NO_EVENT)],
    [
      'UNKNOWN_SCHEMA of known schema',
      entryOf(problem(2), raw(AUTH_EVENT_FINGERPRINT, value), NO_EVENT),
    ],
    ['UNKNOWN_SCHEMA with an event', entryOf(problem(2), raw(null, value), event)],
    ['UNKNOWN_SCHEMA without a value', entryOf(problem(2), NO_RAW, NO_EVENT)],
    ["a fingerprint that is not the value's", entryOf(problem(1), raw(OTHER, value), NO_EVENT)],
    [
      'a fingerprint and a value too short for one',
      entryOf(problem(1), raw(OTHER, Buffer.from('c301', 'hex')), NO_EVENT),
    ],
    [
      'a fingerprint and a value without C3 01',
      entryOf(problem(1), raw(OTHER, Buffer.alloc(12, 1)), NO_EVENT),
    ],
  ])('%s', (_, entry) => {
    expect(schema.skip(entry, 0)).toBe(entry.length);
    expect(codeOf(() => view(entry))).toBe('ENTRY_MALFORMED');
  });

  it('a negative index or offset, a timestamp after the year 9999', () => {
    const nothing = [problem(0), NO_RAW, NO_EVENT] as const;
    const late = Buffer.concat([
      varint(0),
      varint(0),
      varint(253_402_300_800_000),
      Buffer.alloc(2),
    ]);
    for (const entry of [
      Buffer.concat([Buffer.of(1), entryOf(...nothing).subarray(1)]),
      Buffer.concat([Buffer.of(0, 1), entryOf(...nothing).subarray(2)]),
      Buffer.concat([late, entryOf(...nothing).subarray(5)]),
    ]) {
      expect(schema.skip(entry, 0)).toBe(entry.length);
      expect(codeOf(() => view(entry))).toBe('ENTRY_MALFORMED');
    }
  });
});

describe('a source record', () => {
  it('is known again by SHA-256 of its timestamp and value', () => {
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1_700_000_000_123n);
    expect(recordHash(1_700_000_000_123, Buffer.from('v'))).toEqual(
      sha256(Buffer.concat([time, Buffer.from('v')])),
    );
    expect(recordHash(1_700_000_000_123, null)).toEqual(sha256(time));
    expect(recordHash(-1, null)).toEqual(sha256(Buffer.alloc(8)));
  });
});
