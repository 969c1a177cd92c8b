/**
 * Snappy as Kafka's clients write it, https://github.com/google/snappy/blob/main/format_description.txt:
 *
 *     uncompressed length, varint · elements
 *     literal: tag xxxxxx00, length − 1 in the six bits, or in 1 to 4 further bytes (60 to 63) · bytes
 *     copy:    tag xxxxxx01, 3 bits length − 4, 11 bits distance
 *              tag xxxxxx10, 6 bits length − 1, 16 bits distance, little-endian
 *              tag xxxxxx11, 6 bits length − 1, 32 bits distance, little-endian
 *
 * Java's clients and the broker put it into blocks (snappy-java's stream): 16 bytes that begin with
 * `82 SNAPPY 00`, then blocks, each after its length in 4 bytes, big-endian. Other clients do not.
 */
import { Output } from './output.ts';

const STREAM_MAGIC = Buffer.from([0x82, ...Buffer.from('SNAPPY'), 0x00]);
const STREAM_HEADER = 16;

/** @throws when the bytes are no such text, or one longer than `limit` */
export function snappyDecompress(bytes: Buffer, limit: number): Buffer {
  const output = new Output(limit);
  if (!isStream(bytes, 0)) {
    decompressBlock(bytes, output);
    return output.bytes();
  }
  for (let at = 0; at < bytes.length; ) {
    // Streams that were written one after the other are one stream.
    if (isStream(bytes, at)) at += STREAM_HEADER;
    if (at === bytes.length) break;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new Error(`the block at byte ${at} ends beyond the bytes`);
    decompressBlock(bytes.subarray(at + 4, end), output);
    at = end;
  }
  return output.bytes();
}

const isStream = (bytes: Buffer, at: number): boolean =>
  bytes.subarray(at, at + STREAM_MAGIC.length).equals(STREAM_MAGIC);

function decompressBlock(bytes: Buffer, output: Output): void {
  const { value: length, next } = readVarint(bytes);
  const begin = output.length;
  for (let at = next; at < bytes.length; ) {
    const tag = bytes.readUInt8(at);
    const bits = tag >>> 2;
    at += 1;
    if ((tag & 3) === 0) {
      const more = Math.max(0, bits - 59);
      const size = (more === 0 ? bits : bytes.readUIntLE(at, more)) + 1;
      at += more;
      output.append(bytes, at, size);
      at += size;
    } else if ((tag & 3) === 1) {
      output.repeat(((tag >>> 5) << 8) | bytes.readUInt8(at), (bits & 7) + 4, begin);
      at += 1;
    } else {
      const size = (tag & 3) === 2 ? 2 : 4;
      output.repeat(bytes.readUIntLE(at, size), bits + 1, begin);
      at += size;
    }
  }
  if (output.length - begin !== length) {
    throw new Error(`${output.length - begin} bytes came out, and ${length} were announced`);
  }
}

function readVarint(bytes: Buffer): { value: number; next: number } {
  let value = 0;
  for (let at = 0; at < 5; at += 1) {
    const byte = bytes.readUInt8(at);
    value += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { value, next: at + 1 };
  }
  throw new Error('the length is no number of 32 bits');
}
