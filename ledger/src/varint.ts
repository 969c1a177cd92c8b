/**
 * Avro longs (Avro 1.12 specification, "Primitive types"): zigzag, then 7 bits a byte, low bits
 * first, the high bit set on all but the last. Only non-negative values occur in the parts of the
 * format that this package writes; only the shortest form is read.
 */

const MAX_BYTES = 8; // 2^53 - 1, doubled by zigzag, has 54 bits

/** The encoding of a value, 0 ≤ value < 2^53. */
export function varint(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(MAX_BYTES);
  return bytes.subarray(0, writeVarint(bytes, 0, value));
}

/** Writes the encoding of a value, 0 ≤ value < 2^53, at `at`; returns where it ends. */
export function writeVarint(buffer: Buffer, at: number, value: number): number {
  let end = at;
  let rest = value * 2;
  // Doubles: 32-bit shifts would cut values from 2^30 on. Not by %, which is slow with them.
  while (rest >= 0x80) {
    const next = Math.floor(rest / 0x80);
    buffer[end++] = rest - next * 0x80 + 0x80;
    rest = next;
  }
  buffer[end++] = rest;
  return end;
}

/** The value at `at`, or -1 when there is no non-negative long below 2^53 in its shortest form. */
export function readVarint(buffer: Buffer, at: number): number {
  // The low bit is the sign; told from the byte, for a double above 2^53 has no room for it.
  if (((buffer[at] as number) & 1) === 1) return -1;
  let value = 0;
  let scale = 1;
  for (let i = 0; i < MAX_BYTES && at + i < buffer.length; i += 1) {
    const byte = buffer[at + i] as number;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      const shortest = byte !== 0 || i === 0;
      return shortest && value / 2 <= Number.MAX_SAFE_INTEGER ? value / 2 : -1;
    }
    scale *= 0x80;
  }
  return -1;
}

/** How many bytes the shortest form of a value has, value ≥ 0. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value * 2; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}
