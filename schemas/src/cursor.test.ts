import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cursor, readLong } from './cursor.ts';
import { Sink } from './sink.ts';
import { avscType } from './testing/through-avsc.ts';

const LONG = avscType('"long"');

function read(...bytes: number[]): number {
  return readLong(new Cursor(Uint8Array.from(bytes)));
}

describe('a long', () => {
  it('is written as avsc writes it and comes back', () => {
    const edges = [0, -1, 63, 64, -64, -65, 2 ** 27, 2 ** 28 - 1, -(2 ** 28), 2 ** 52];
    const long = fc.oneof(
      fc.maxSafeInteger(),
      fc.integer(),
      fc.constantFrom(...edges, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
    );
    fc.assert(
      fc.property(long, (value) => {
        const out = new Sink(1);
        out.long(value);
        expect(out.written()).toEqual(LONG.toBuffer(BigInt(value)));
        const c = new Cursor(out.written());
        expect(readLong(c)).toBe(value);
        expect(c.pos).toBe(c.end);
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused when it is not the shortest varint', () => {
    expect(read(0x80, 0x00)).toBeNaN();
    expect(read(0x82, 0x80, 0x00)).toBeNaN();
    expect(read(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x80, 0x00)).toBeNaN();
  });

  it('is refused beyond ±(2^53 − 1)', () => {
    expect(read(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f)).toBe(2 ** 53 - 1);
    expect(read(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20)).toBeNaN();
    expect(read(0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f)).toBe(-(2 ** 53 - 1));
    expect(read(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f)).toBeNaN();
    expect(read(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)).toBeNaN();
  });

  it('is refused when its bytes end too soon', () => {
    expect(read()).toBeNaN();
    expect(read(0x80)).toBeNaN();
    expect(read(0xff, 0xff, 0xff)).toBeNaN();
  });
});
