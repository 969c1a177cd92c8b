/** By hand from the specifications; test/conformance/record-sets.test.ts reads what Kafka itself compressed. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decompress } from './compression.ts';

const LIMIT = 1000;
const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const text = (value: string): string => Buffer.from(value).toString('hex');
const undo = (hex: string, compression: 'snappy' | 'lz4') =>
  `${decompress(bytes(hex), compression, LIMIT)}`;

describe('snappy', () => {
  it.each([
    ['nothing', '00', ''],
    ['a literal', `03 08 ${text('abc')}`, 'abc'],
    ['a literal whose length stands in a further byte', `03 f0 02 ${text('abc')}`, 'abc'],
    ['a literal whose length stands in two', `03 f4 02 00 ${text('abc')}`, 'abc'],
    ['a copy that repeats itself', `0b 08 ${text('abc')} 11 03`, 'abcabcabcab'],
    ['a copy with a distance of 16 bits', `06 08 ${text('abc')} 0a 03 00`, 'abcabc'],
    ['a copy with a distance of 32 bits', `06 08 ${text('abc')} 0b 03 00 00 00`, 'abcabc'],
  ])('reads %s', (_, hex, expected) => {
    expect(undo(hex, 'snappy')).toBe(expected);
  });

  it("reads the blocks of snappy-java's stream, and streams one after the other", () => {
    const stream = (value: string) =>
      `82 ${text('SNAPPY')} 00 00000001 00000001 00000005 03 08 ${text(value)}`;
    expect(undo(`${stream('abc')} 00000005 03 08 ${text('def')}`, 'snappy')).toBe('abcdef');
    expect(undo(`${stream('abc')} ${stream('def')}`, 'snappy')).toBe('abcdef');
  });

  it.each([
    ['a literal beyond its end', `03 08 ${text('ab')}`],
    ['a copy from before its begin', `06 08 ${text('abc')} 0a 04 00`],
    ['a copy from nowhere', `06 08 ${text('abc')} 0a 00 00`],
    ['another length than announced', `04 08 ${text('abc')}`],
    ['an endless length', 'ff ff ff ff ff ff'],
    ['nothing at all', ''],
    ['a block beyond its end', `82 ${text('SNAPPY')} 00 00000001 00000001 00000006 03 08 616263`],
  ])('refuses %s', (_, hex) => {
    expect(() => undo(hex, 'snappy')).toThrow();
  });
});

describe('lz4', () => {
  const HEAD = '04224d18 60 40 82';
  const block = (hex: string) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(bytes(hex).length);
    return `${size.toString('hex')} ${hex}`;
  };

  it.each([
    ['nothing', `${HEAD} 00000000`, ''],
    ['literals', `${HEAD} ${block(`30 ${text('abc')}`)} 00000000`, 'abc'],
    [
      'a match that repeats itself, and literals after it',
      `${HEAD} ${block(`34 ${text('abc')} 0300 20 ${text('yz')}`)} 00000000`,
      'abcabcabcabyz',
    ],
    [
      'lengths beyond 15',
      `${HEAD} ${block(`f1 01 ${text('abcdefghijklmnop')} 1000 00`)} 00000000`,
      'abcdefghijklmnopabcde',
    ],
    ['a stored block', `${HEAD} 03000080 ${text('abc')} 00000000`, 'abc'],
    [
      'a match into the block before',
      `04224d18 40 40 c0 ${block(`40 ${text('abcd')}`)} ${block('00 0400 00')} 00000000`,
      'abcdabcd',
    ],
    [
      'frames one after the other, sizes and checksums passed over',
      `${HEAD} ${block(`10 ${text('a')}`)} 00000000` +
        `04224d18 7c 40 0100000000000000 82 ${block(`10 ${text('b')}`)} ffffffff 00000000 ffffffff`,
      'ab',
    ],
  ])('reads %s', (_, hex, expected) => {
    expect(undo(hex, 'lz4')).toBe(expected);
  });

  it.each([
    ['what is no frame', '05224d18 60 40 82 00000000'],
    ['a frame of another version', '04224d18 a0 40 82 00000000'],
    ['a frame that needs a dictionary', '04224d18 61 40 00000000 82 00000000'],
    ['a frame without an end', `${HEAD} ${block(`30 ${text('abc')}`)}`],
    ['a block beyond its end', `${HEAD} 09000000 30 ${text('abc')} 00000000`],
    ['literals beyond their end', `${HEAD} ${block(`40 ${text('abc')}`)} 00000000`],
    ['a match from before its begin', `${HEAD} ${block(`30 ${text('abc')} 0400 00`)} 00000000`],
    ['a match from nowhere', `${HEAD} ${block(`30 ${text('abc')} 0000 00`)} 00000000`],
  ])('refuses %s', (_, hex) => {
    expect(() => undo(hex, 'lz4')).toThrow();
  });
});

describe('a bomb', () => {
  const zeros = Buffer.alloc(LIMIT + 1);

  it.each([
    ['gzip', gzipSync(zeros)],
    ['zstd', zstdCompressSync(zeros)],
    ['snappy', bytes(`e907 00 00 ${'fe 0100'.repeat(16)}`)],
    ['lz4', bytes('04224d18 60 40 82 0a000000 1f 00 0100 ffffffff 00 00 00000000')],
  ] as const)('of %s ends at the limit', (compression, bomb) => {
    expect(() => decompress(bomb, compression, LIMIT)).toThrow(/1000|larger/);
  });

  it.each([
    ['gzip', gzipSync(zeros.subarray(1))],
    ['zstd', zstdCompressSync(zeros.subarray(1))],
  ] as const)('of %s is none at the limit', (compression, text) => {
    expect(decompress(text, compression, LIMIT)).toEqual(zeros.subarray(1));
  });
});
