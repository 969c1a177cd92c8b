/** Snappy and LZ4, written as simply as the formats allow; only to be read again. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Compression } from '../../runtime/src/kafka/compression.ts';

/** What stands before a copy, and the copy: `length` bytes (4 to 64) from `distance` back; 0 ends all. */
type Sequence = { literals: Buffer; distance: number; length: number };

function sequencesOf(bytes: Buffer): Sequence[] {
  const sequences: Sequence[] = [];
  const places = new Map<number, number>();
  let from = 0;
  for (let at = 0; at + 4 <= bytes.length; ) {
    const word = bytes.readUInt32LE(at);
    const place = places.get(word);
    places.set(word, at);
    if (place === undefined || at - place > 65_535) {
      at += 1;
      continue;
    }
    let length = 4;
    while (length < 64 && bytes[at + length] === bytes[place + length]) length += 1;
    length = Math.min(length, bytes.length - at);
    sequences.push({ literals: bytes.subarray(from, at), distance: at - place, length });
    at += length;
    from = at;
  }
  return [...sequences, { literals: bytes.subarray(from), distance: 0, length: 0 }];
}

function snappy(bytes: Buffer): Buffer {
  const size: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    size.push(rest < 0x80 ? rest : (rest & 0x7f) | 0x80);
    if (rest < 0x80) break;
  }
  const elements = sequencesOf(bytes).flatMap(({ literals, distance, length }) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < literals.length; at += 60) {
      const piece = literals.subarray(at, at + 60);
      pieces.push(Buffer.of((piece.length - 1) << 2), piece);
    }
    if (length > 0) pieces.push(Buffer.of(((length - 1) << 2) | 2, distance, distance >>> 8));
    return pieces;
  });
  return Buffer.concat([Buffer.from(size), ...elements]);
}

function lz4(bytes: Buffer): Buffer {
  const more = (length: number): number[] =>
    length < 15 ? [] : [...Array(Math.floor((length - 15) / 255)).fill(255), (length - 15) % 255];
  const block = Buffer.concat(
    sequencesOf(bytes).flatMap(({ literals, distance, length }) => {
      const copy = Math.max(0, length - 4);
      const token = (Math.min(15, literals.length) << 4) | Math.min(15, copy);
      const head = Buffer.from([token, ...more(literals.length)]);
      if (length === 0) return [head, literals];
      return [head, literals, Buffer.from([distance, distance >>> 8, ...more(copy)])];
    }),
  );
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  return Buffer.concat([Buffer.from('04224d18604082', 'hex'), size, block, Buffer.alloc(4)]);
}

export const COMPRESS: Record<Compression, (bytes: Buffer) => Buffer> = {
  none: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  snappy,
  lz4,
  zstd: (bytes) => zstdCompressSync(bytes),
};
