/**
 * Compression of the entries, and the outer form of its frame (RFC 8878 section 3.1.1).
 *
 * A batch has exactly one frame in one form: a single segment, its content size, a checksum, no
 * dictionary. So the size of what comes out is known before any work is done, and nothing can hide in
 * further frames, skippable frames or a larger window. Inside its blocks zstd can still say the same
 * in many ways: that is why a header hashes the whole data block.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const MAGIC = 0xfd2fb528;
const BLOCK_HEADER = 3;
const CHECKSUM = 4;

/** Frame descriptor without its two bits of size flag: single segment, checksum, nothing else. */
const DESCRIPTOR = 0b0010_0100;
const RLE_BLOCK = 1;

/** Level 1: the same ratio as 3 on auth events, at half the time. */
const LEVEL = 1;

/** One frame of the form above. */
export function zstdCompress(content: Buffer): Buffer {
  // What comes out is a view of a whole chunk, and auth events shrink to less than an eighth.
  const chunkSize = Math.max(1024, content.length >> 3);
  const frame = compress(content, chunkSize);
  // Where it fills its chunks to the last byte, zlib asks for more, and zstd adds another, empty frame.
  return contentSize(frame) === content.length ? frame : compress(content, chunkSize + 1);
}

function compress(content: Buffer, chunkSize: number): Buffer {
  // A window that holds the whole content makes the frame a single segment.
  const windowLog = Math.max(10, Math.ceil(Math.log2(content.length + 1)));
  return zstdCompressSync(content, {
    pledgedSrcSize: content.length,
    chunkSize,
    params: {
      [constants.ZSTD_c_compressionLevel]: LEVEL,
      [constants.ZSTD_c_windowLog]: windowLog,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
}

/** The content of a frame, or null when it is not of the form above, does not decode, or is larger than `limit`. */
export function zstdDecompress(frame: Buffer, limit: number): Buffer | null {
  const size = contentSize(frame);
  if (size === null || size > limit) return null;
  try {
    const content = zstdDecompressSync(frame, {
      maxOutputLength: Math.max(1, size),
      // Into one chunk; were it full at the end, zlib would make room for another.
      chunkSize: Math.max(64, size + 1),
    });
    return content.length === size ? content : null;
  } catch {
    return null;
  }
}

/** The size of the content, or null when the bytes are not exactly one frame of the form above. */
function contentSize(frame: Buffer): number | null {
  if (frame.length < 5 || frame.readUInt32LE(0) !== MAGIC) return null;
  const descriptor = frame[4] as number;
  if ((descriptor & 0b0011_1111) !== DESCRIPTOR) return null;
  const sizeBytes = 1 << (descriptor >> 6);
  // Eight bytes of size begin at 4 GiB: no batch is that large.
  if (sizeBytes === 8) return null;
  if (blocksEnd(frame, 5 + sizeBytes) + CHECKSUM !== frame.length) return null;
  return sizeBytes === 2 ? frame.readUInt16LE(5) + 256 : frame.readUIntLE(5, sizeBytes);
}

/** Where the last block ends; NaN when the blocks do not end inside the frame. */
function blocksEnd(frame: Buffer, start: number): number {
  let at = start;
  while (at + BLOCK_HEADER <= frame.length) {
    const header = frame.readUIntLE(at, BLOCK_HEADER);
    const type = (header >> 1) & 3;
    at += BLOCK_HEADER + (type === RLE_BLOCK ? 1 : header >> 3);
    if ((header & 1) === 1) return at;
  }
  return Number.NaN;
}
