/**
 * LZ4 frames, https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md:
 *
 *     frame: magic 04 22 4D 18 · FLG · BD · [content size, 8] · [dictionary id, 4] · checksum of these, 1
 *            · blocks · 00 00 00 00 · [content checksum, 4]
 *     block: size, 4, its highest bit set when stored as it is · bytes · [checksum, 4]
 *     in it: sequences of token (4 bits literals, 4 bits match − 4; 15: bytes are added until one is
 *            below 255) · literals · distance, 2; the last one ends after its literals
 *
 * All numbers are little-endian. Checksums are passed over: the broker has read all this before, and
 * what is wrong beyond them fails here. Dictionaries are not for Kafka.
 */
import { Output } from './output.ts';

const MAGIC = 0x184d2204;
const BLOCK_CHECKSUM = 0x10;
const CONTENT_SIZE = 0x08;
const CONTENT_CHECKSUM = 0x04;
const DICTIONARY = 0x01;
const STORED = 0x8000_0000;
const MIN_MATCH = 4;

/** @throws when the bytes are no frames, or of a text longer than `limit` */
export function lz4Decompress(bytes: Buffer, limit: number): Buffer {
  const output = new Output(limit);
  for (let at = 0; at < bytes.length; ) at = decompressFrame(bytes, at, output);
  return output.bytes();
}

/** Returns where the next frame begins. */
function decompressFrame(bytes: Buffer, begin: number, output: Output): number {
  if (bytes.readUInt32LE(begin) !== MAGIC) throw new Error(`no frame begins at byte ${begin}`);
  const flags = bytes.readUInt8(begin + 4);
  if (flags >>> 6 !== 1) throw new Error(`the frame is of version ${flags >>> 6}`);
  if (flags & DICTIONARY) throw new Error('the frame needs a dictionary');
  const from = output.length;
  let at = begin + 7 + (flags & CONTENT_SIZE ? 8 : 0);
  for (;;) {
    const word = bytes.readUInt32LE(at);
    at += 4;
    if (word === 0) break;
    const size = word % STORED;
    if (at + size > bytes.length) throw new Error(`the block at byte ${at} ends beyond the bytes`);
    if (word >= STORED) output.append(bytes, at, size);
    else decompressBlock(bytes.subarray(at, at + size), output, from);
    at += size + (flags & BLOCK_CHECKSUM ? 4 : 0);
  }
  return at + (flags & CONTENT_CHECKSUM ? 4 : 0);
}

/** `from`: a match may reach back to here. */
function decompressBlock(bytes: Buffer, output: Output, from: number): void {
  let at = 0;
  const readLength = (bits: number): number => {
    let length = bits;
    for (let byte = bits === 15 ? 255 : 0; byte === 255; length += byte) {
      byte = bytes.readUInt8(at);
      at += 1;
    }
    return length;
  };
  while (at < bytes.length) {
    const token = bytes.readUInt8(at);
    at += 1;
    const literals = readLength(token >>> 4);
    output.append(bytes, at, literals);
    at += literals;
    if (at === bytes.length) return;
    const distance = bytes.readUInt16LE(at);
    at += 2;
    output.repeat(distance, readLength(token & 15) + MIN_MATCH, from);
  }
}
