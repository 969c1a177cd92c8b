import { describe, expect, it, vi } from 'vitest';
import type { Codec } from './container.ts';
import { digestEntries } from './digest.ts';
import { codeOf } from './testing/failure.ts';

const broken = vi.hoisted(() => ({ at: null as number | null }));

// A zlib that errs cannot be had: here, one byte of what it makes is changed.
vi.mock('node:zlib', async (importOriginal) => {
  const zlib = await importOriginal<typeof import('node:zlib')>();
  const zstdCompressSync: typeof zlib.zstdCompressSync = (...args) => {
    const frame = zlib.zstdCompressSync(...args);
    if (broken.at !== null) frame.writeUInt8(frame.readUInt8(broken.at) ^ 4, broken.at);
    return frame;
  };
  return { ...zlib, zstdCompressSync };
});

const ENTRY = Buffer.from('an entry of a batch, '.repeat(100));

function digest(codec: Codec) {
  const buffer = Buffer.concat([Buffer.alloc(1), ENTRY, ENTRY]);
  const bounds = Uint32Array.of(1, 1 + ENTRY.length, 1 + 2 * ENTRY.length);
  return digestEntries({ buffer, bounds, first: 0, codec });
}

describe('entries', () => {
  it.each([0, 5, 12, 40])(
    'are not sealed in a block that they do not come out of again: byte %d changed',
    (at) => {
      broken.at = at;
      expect(codeOf(() => digest('zstandard'))).toBe('BLOCK_UNREADABLE');
      expect(digest('null').block.equals(Buffer.concat([ENTRY, ENTRY]))).toBe(true);
      broken.at = null;
      expect(digest('zstandard').range).toEqual(digest('null').range);
    },
  );
});
