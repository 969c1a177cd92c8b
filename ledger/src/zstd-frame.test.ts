import { randomBytes } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zstdCompress, zstdDecompress } from './zstd-frame.ts';

const LIMIT = 8 * 1024 * 1024;
const text = (size: number): Buffer =>
  Buffer.from(Array.from({ length: size }, (_, i) => 97 + ((i * i) % 23)));

/** Magic, descriptor of a single segment with checksum, sizes in 4 bytes. */
const frameHeader = (size: number): Buffer => {
  const head = Buffer.from('28b52ffda400000000', 'hex');
  head.writeUInt32LE(size, 5);
  return head;
};
const rleBlock = (size: number, last: boolean): Buffer => {
  const block = Buffer.alloc(4, 'a');
  block.writeUIntLE((size << 3) | (1 << 1) | (last ? 1 : 0), 0, 3);
  return block;
};

describe('a zstd frame', () => {
  it('is a single segment with its content size and checksum, at any size', () => {
    for (const size of [
      0, 1, 255, 256, 257, 1023, 1024, 1025, 65_791, 65_792, 131_072, 4_194_304,
    ]) {
      for (const content of [text(size), Buffer.alloc(size), randomBytes(size)]) {
        const frame = zstdCompress(content);
        expect((frame[4] as number) & 0b0011_1111).toBe(0b0010_0100);
        expect(zstdDecompress(frame, LIMIT)?.equals(content)).toBe(true);
      }
    }
  });

  it('is a single one where it fills the memory that it is written to, to the last byte', () => {
    const chunk = 1024;
    const sizes = new Set<number>();
    for (let hard = chunk - 100; hard < chunk; hard += 1) {
      const content = Buffer.concat([randomBytes(hard), Buffer.alloc(8 * chunk - hard, 'a')]);
      const frame = zstdCompress(content);
      sizes.add(frame.length);
      expect(zstdDecompress(frame, LIMIT)?.equals(content)).toBe(true);
    }
    expect(sizes).toContain(chunk);
  });

  it('takes memory for its content once', () => {
    const frame = zstdCompress(text(4_000_000));
    const before = process.memoryUsage().arrayBuffers;
    expect(zstdDecompress(frame, LIMIT)).toHaveLength(4_000_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000);
  });

  it('is read from another encoder, at any level, when it has this form', () => {
    const content = text(100_000);
    for (const level of [1, 3, 19]) {
      const frame = zstdCompressSync(content, {
        pledgedSrcSize: content.length,
        params: {
          [constants.ZSTD_c_compressionLevel]: level,
          [constants.ZSTD_c_windowLog]: 17,
          [constants.ZSTD_c_checksumFlag]: 1,
        },
      });
      expect(zstdDecompress(frame, LIMIT)?.equals(content)).toBe(true);
    }
  });

  it('is refused without checksum or without content size, as several frames, or with a tail', () => {
    const content = text(1000);
    const frame = zstdCompress(content);
    const skippable = Buffer.from('502a4d1804000000deadbeef', 'hex');
    const plain = { [constants.ZSTD_c_windowLog]: 10 };
    for (const other of [
      zstdCompressSync(content, { pledgedSrcSize: 1000, params: plain }),
      Buffer.concat([Buffer.from('28b52ffd0450', 'hex'), frame.subarray(7)]), // a window, no size
      zstdCompressSync(content),
      Buffer.concat([frame, frame]),
      Buffer.concat([skippable, frame]),
      Buffer.concat([frame, skippable]),
      Buffer.concat([frame, Buffer.of(0)]),
      frame.subarray(0, -1),
      frame.subarray(0, 4),
      Buffer.alloc(0),
    ]) {
      expect(zstdDecompress(other, LIMIT)).toBeNull();
    }
  });

  it('is refused in every other form that a decoder would take', () => {
    const frame = zstdCompress(text(1000));
    const unusedBit = Buffer.from(frame);
    unusedBit.writeUInt8(frame.readUInt8(4) | 0b0001_0000, 4);
    const reserved = Buffer.concat([frameHeader(1), rleBlock(1, true), Buffer.alloc(4)]);
    reserved.writeUInt8(reserved.readUInt8(9) | 0b0000_0110, 9);
    for (const other of [
      unusedBit,
      reserved,
      // A skippable frame, in which stand a descriptor, a size of 0 and blocks where they are due.
      Buffer.concat([Buffer.from('502a4d1824000000' + '00' + 'e10000', 'hex'), Buffer.alloc(32)]),
      // A size of eight bytes.
      Buffer.concat([
        Buffer.from('28b52ffde4' + '0100000000000000', 'hex'),
        rleBlock(1, true),
        Buffer.alloc(4),
      ]),
      // Cut inside the size, or before it.
      ...[5, 6, 8].map((end) => frameHeader(1000).subarray(0, end)),
    ]) {
      expect(zstdDecompress(other, LIMIT)).toBeNull();
    }
  });

  it('larger than the limit is refused before it is decompressed', () => {
    const frame = zstdCompress(Buffer.alloc(1000));
    expect(zstdDecompress(frame, 1000)).toHaveLength(1000);
    expect(zstdDecompress(frame, 999)).toBeNull();
  });

  it('that lies about its size, either way, is refused', () => {
    const blocks = Buffer.concat([
      rleBlock(100_000, false),
      rleBlock(100_000, true),
      Buffer.alloc(4),
    ]);
    for (const size of [0, 1, 199_999, 200_001, LIMIT, LIMIT + 1, 2 ** 32 - 1]) {
      expect(zstdDecompress(Buffer.concat([frameHeader(size), blocks]), LIMIT)).toBeNull();
    }
  });

  it('that holds many times what it says costs no more than it says', () => {
    // No block is larger than the content, for such a one is refused by itself.
    const bomb = Buffer.concat([
      frameHeader(1000),
      ...Array.from({ length: 200_000 }, () => rleBlock(1000, false)),
      rleBlock(1, true),
      Buffer.alloc(4),
    ]);
    const before = process.memoryUsage().arrayBuffers;
    expect(zstdDecompress(bomb, LIMIT)).toBeNull();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * LIMIT);
  });

  it('of any bytes is decompressed or refused, never anything else', () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
    const frames = fc.oneof(
      bytes,
      bytes.map((rest) => Buffer.concat([frameHeader(1000), rest])),
      fc.tuple(bytes, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([content, at, mask]) => {
        const frame = zstdCompress(content);
        frame[at % frame.length] = (frame[at % frame.length] as number) ^ mask;
        return frame;
      }),
    );
    fc.assert(
      fc.property(frames, (frame) => {
        const content = zstdDecompress(frame, LIMIT);
        expect(content === null || content.length <= LIMIT).toBe(true);
      }),
    );
  });
});
