import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVarint, varint, varintSize, writeVarint } from './varint.ts';

/** Zigzag and base 128 on bigints, as the Avro specification says it. */
function reference(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value * 2n;
  while (rest >= 128n) {
    bytes.push(Number(rest % 128n) + 128);
    rest /= 128n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}

const EDGES = [0, 1, 63, 64, 127, 128, 8191, 8192, 2 ** 30, 2 ** 31, 2 ** 32, 2 ** 48 - 1, 2 ** 48];
const count = fc.oneof(fc.maxSafeNat(), fc.nat(), fc.nat(300), fc.constantFrom(...EDGES));

describe('a varint', () => {
  it('is what the Avro specification shows for 0, 1, 2 and 64', () => {
    expect([0, 1, 2, 64].map((n) => varint(n).toString('hex'))).toEqual(['00', '02', '04', '8001']);
  });

  it('is zigzag in base 128 for every value below 2^53, and reads back', () => {
    fc.assert(
      fc.property(count, fc.nat(5), (value, at) => {
        const bytes = varint(value);
        expect(bytes).toEqual(reference(BigInt(value)));
        expect(varintSize(value)).toBe(bytes.length);
        const room = Buffer.alloc(at + bytes.length + 1, 0xff);
        expect(writeVarint(room, at, value)).toBe(at + bytes.length);
        expect(readVarint(room, at)).toBe(value);
      }),
    );
    expect(readVarint(varint(Number.MAX_SAFE_INTEGER), 0)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('is refused from 2^53 on', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }), (value) => {
        expect(readVarint(reference(value), 0)).toBe(-1);
      }),
    );
    for (const value of [2n ** 53n, 2n ** 53n + 1n, 2n ** 54n - 1n, 2n ** 54n, 2n ** 55n - 1n]) {
      expect(readVarint(reference(value), 0)).toBe(-1);
    }
  });

  it('is refused when it is negative', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (n) => {
        const negative = reference(BigInt(n));
        negative[0] = (negative[0] as number) | 1;
        expect(readVarint(negative, 0)).toBe(-1);
      }),
    );
  });

  it('is refused when it is not the shortest', () => {
    fc.assert(
      fc.property(count, fc.integer({ min: 1, max: 8 }), (value, zeros) => {
        const shortest = varint(value);
        const longer = Buffer.concat([shortest, Buffer.alloc(zeros, 0x80)]);
        longer[shortest.length - 1] = (longer[shortest.length - 1] as number) | 0x80;
        longer[longer.length - 1] = 0;
        expect(readVarint(longer, 0)).toBe(-1);
      }),
    );
  });

  it('is refused when it is cut off, or when there is nothing', () => {
    fc.assert(
      fc.property(count, (value) => {
        const bytes = varint(value);
        for (let end = 0; end < bytes.length; end += 1) {
          expect(readVarint(bytes.subarray(0, end), 0)).toBe(-1);
        }
      }),
    );
  });
});
