/** Record sets made by hand; test/conformance/record-sets.test.ts has a real broker's. */
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeMessages, decodeSets } from './record-sets.ts';

const Decoder = createRequire(import.meta.url)('kafkajs/src/protocol/decoder');

/** Length 6 · attributes · timestamp delta · offset delta 0 · no key · no value · no headers. */
const EMPTY_RECORD = Buffer.from([12, 0, 0, 0, 1, 1, 0]);

/** Of no name and no value each. */
function recordWithHeaders(count: number): Buffer {
  const body = [
    Buffer.from([0, 0, 0, 1, 1]),
    varint(count),
    Buffer.alloc(2 * count, '0001', 'hex'),
  ];
  return Buffer.concat([varint(Buffer.concat(body).length), ...body]);
}

/** Of a number that is not negative, in zig-zag. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = 2 * value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** Empty but for its offset delta. */
const recordAt = (delta: number) =>
  Buffer.concat([Buffer.from([12, 0, 0]), varint(delta), Buffer.from([1, 1, 0])]);

type Parts = { offset?: number; count?: number; attributes?: number; records?: Buffer };

function recordSet({ offset = 0, count = 1, attributes = 0, records = EMPTY_RECORD }: Parts) {
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(BigInt(offset), 0);
  head.writeInt32BE(49 + records.length, 8);
  head.writeInt8(2, 16);
  head.writeInt16BE(attributes, 21);
  head.writeInt32BE(count - 1, 23);
  head.writeInt32BE(count, 57);
  return Buffer.concat([head, records]);
}

function split(...sets: Buffer[]) {
  const size = Buffer.alloc(4);
  size.writeInt32BE(Buffer.concat(sets).length);
  return decodeMessages(new Decoder(Buffer.concat([size, ...sets])));
}

type Decoded = ReturnType<typeof decodeSets>;
const decode = (...sets: Buffer[]): Decoded => decodeSets(split(...sets));
const undecodableOf = ({ undecodable }: Decoded) => undecodable;
const offsetsOf = ({ records }: Decoded) => records.map(({ offset }) => offset);

describe('the record sets of a fetch', () => {
  it('are read one after the other, up to the one that the fetch has cut', () => {
    const cut = recordSet({ offset: 2 }).subarray(0, -1);
    expect(offsetsOf(decode(recordSet({}), recordSet({ offset: 1 }), cut))).toEqual([0, 1]);
  });

  it('may hold as many records as fit', () => {
    const count = 149_000;
    const records = Buffer.concat(Array.from({ length: count }, () => EMPTY_RECORD));
    expect(offsetsOf(decode(recordSet({ count, records }))).length).toBe(count);
  });

  it('are none in an empty answer', () => {
    expect(split()).toEqual([]);
  });
});

describe('a record set that cannot be read', () => {
  it('ends the answer, and says from where to where and why', () => {
    const wrong = recordSet({
      offset: 5,
      count: 3,
      attributes: 1,
      records: Buffer.from('no gzip'),
    });
    const sets = decode(recordSet({ offset: 4 }), wrong, recordSet({ offset: 8 }));
    expect(offsetsOf(sets)).toEqual([4]);
    expect(undecodableOf(sets)).toMatchObject({ from: 5, to: 8, compression: 'gzip' });
    expect(undecodableOf(sets)?.reason).not.toBe('');
  });

  it.each([
    ['an unknown compression', { attributes: 5 }, /unknown/],
    ['fewer records than it says', { count: 2 }, /record 2 of 2/],
    ['a record beyond its end', { records: EMPTY_RECORD.subarray(0, -1) }, /beyond/],
    [
      'headers beyond the end of a record',
      { records: Buffer.from([12, 0, 0, 0, 1, 1, 0x7e]) },
      /beyond/,
    ],
    [
      'headers whose lengths lead back to themselves',
      { records: Buffer.from([22, 0, 0, 0, 1, 1, 0xc8, 0x01, 1, 3, 1, 3]) },
      /no name/,
    ],
    ['a value beyond its end', { records: Buffer.from([12, 0, 0, 0, 1, 4, 0]) }, /beyond/],
    [
      'a number longer than 32 bits',
      { records: Buffer.from([24, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 1, 1, 0, 0]) },
      /32 bits/,
    ],
    [
      'a number longer than 64 bits',
      { records: Buffer.from([34, 0, ...Array(10).fill(0x80), 0, 0, 1, 1, 0, 0]) },
      /64 bits/,
    ],
    [
      'more headers than memory is kept for',
      { attributes: 1, records: gzipSync(recordWithHeaders(1_000_000)) },
      /headers/,
    ],
    ['fewer than no headers', { records: Buffer.from([12, 0, 0, 0, 1, 1, 1]) }, /-1 headers/],
    [
      'a record that ends before its length',
      { records: Buffer.from([14, 0, 0, 0, 1, 1, 0, 0]) },
      /left over/,
    ],
    ['more records than it says', { count: 0 }, /after record 0 of 0/],
    ['fewer than no records', { count: -1 }, /-1 records/],
    [
      'more records than memory is kept for',
      { attributes: 1, count: 200_001, records: gzipSync(EMPTY_RECORD) },
      /200001 records/,
    ],
  ])('is one with %s', (_, parts, reason) => {
    expect(undecodableOf(decode(recordSet(parts)))?.reason).toMatch(reason);
  });

  it('is one that is shorter than its own head', () => {
    const short = recordSet({ offset: 7 });
    short.writeInt32BE(0, 8);
    expect(undecodableOf(decode(short))).toMatchObject({
      from: 7,
      reason: 'it is shorter than its head',
    });
  });

  it('is one of another format', () => {
    const old = recordSet({});
    old.writeInt8(1, 16);
    expect(undecodableOf(decode(old))?.reason).toMatch('its format is 1');
  });
});

describe('the offsets of records', () => {
  const setOf = (deltas: number[], last: number) => {
    const records = Buffer.concat(deltas.map(recordAt));
    const set = recordSet({ offset: 100, count: deltas.length, records });
    set.writeInt32BE(last, 23);
    return decode(set);
  };

  it('follow one another, whatever offset deltas the producer wrote', () => {
    expect(offsetsOf(setOf([5], 0))).toEqual([100]);
    expect(offsetsOf(setOf([2, 2, 0, 63], 3))).toEqual([100, 101, 102, 103]);
  });

  it('have gaps where compaction has removed records', () => {
    expect(offsetsOf(setOf([0, 2, 5], 5))).toEqual([100, 102, 105]);
    expect(offsetsOf(setOf([1], 2))).toEqual([101]);
    expect(offsetsOf(setOf([], 2))).toEqual([]);
  });

  it.each([
    ['twice the same', [1, 1], /record 2 of 2 says that its offset is 101/],
    ['one that runs back', [2, 0, 4], /record 2 of 3 says that its offset is 100/],
    ['one behind the last of the set', [0, 7], /record 2 of 2 says that its offset is 107/],
  ])('make a set with gaps undecodable when they are %s', (_, deltas, reason) => {
    expect(undecodableOf(setOf(deltas, 6))?.reason).toMatch(reason);
  });
});

describe('a record', () => {
  it('has its headers in the order of the bytes, several of one name and none among them', () => {
    const header = (name: string, value: string | null) => [
      varint(name.length),
      Buffer.from(name),
      ...(value === null ? [Buffer.from([1])] : [varint(value.length), Buffer.from(value)]),
    ];
    const names = ['b', 'a', '1', 'b', 'toString', '__proto__'];
    const body = [
      Buffer.from([0, 0, 0, 1, 1]),
      varint(names.length),
      ...names.flatMap((name, i) => header(name, i === 1 ? null : `${i}`)),
    ];
    const record = Buffer.concat([varint(Buffer.concat(body).length), ...body]);
    const { records } = decode(recordSet({ records: record }));
    expect(records[0]?.headers.map(([name, value]) => [name, value?.toString() ?? null])).toEqual(
      names.map((name, i) => [name, i === 1 ? null : `${i}`]),
    );
  });

  it('has null where a length is negative, whichever', () => {
    const record = Buffer.from('1a00000003ffffffff0f02026b05', 'hex');
    const { records } = decode(recordSet({ records: record }));
    expect(records).toMatchObject([{ key: null, value: null, headers: [['k', null]] }]);
  });

  it('has a time of its own, before or after that of the first, or the broker’s', () => {
    const at = (delta: number[]) => Buffer.from([2 * (5 + delta.length), 0, ...delta, 0, 1, 1, 0]);
    const records = Buffer.concat([at([...varint(1_750_000_000)]), at([3])]);
    const set = recordSet({ records, count: 2 });
    set.writeBigInt64BE(1_700_000_000_000n, 27);
    set.writeBigInt64BE(1_800_000_000_000n, 35);
    const times = () => decode(set).records.map(({ timestamp }) => timestamp);
    expect(times()).toEqual([1_701_750_000_000, 1_699_999_999_998]);
    set.writeInt16BE(0x08, 21);
    expect(times()).toEqual([1_800_000_000_000, 1_800_000_000_000]);
  });
});
