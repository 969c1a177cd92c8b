/** A place in bytes that are being read; readers move `pos` towards `end`. */
export class Cursor<Bytes extends Uint8Array = Uint8Array> {
  buf: Bytes;
  pos: number;
  end: number;

  constructor(buf: Bytes) {
    this.buf = buf;
    this.pos = 0;
    this.end = buf.length;
  }
}

/**
 * Reads a long (or int, enum index, count, length) and moves past it.
 *
 * Avro specification 1.12, "Binary Encoding": zig-zag, then a varint of 7 bits
 * a byte, least significant first. Canonical is only the shortest one.
 *
 * @returns within ±(2^53 − 1), or NaN when the bytes end too soon, are not the
 * shortest form, or stand for a number out of that range. NaN fails every
 * comparison, so that `n >= 0 && n <= limit` checks all at once.
 */
export function readLong(c: Cursor): number {
  const { buf, end } = c;
  let { pos } = c;
  const first = pos < end ? (buf[pos] as number) : 0x80;
  if (first < 0x80) {
    c.pos = pos + 1;
    return (first >>> 1) ^ -(first & 1);
  }
  // 28 bits each: together the 54 bits of ±(2^53 − 1) in zig-zag, and 2 to spare.
  let low = 0;
  let high = 0;
  let count = 0;
  let byte: number;
  do {
    if (pos >= end || count === 8) return Number.NaN;
    byte = buf[pos++] as number;
    if (count < 4) low |= (byte & 0x7f) << (7 * count);
    else high |= (byte & 0x7f) << (7 * (count - 4));
    count++;
  } while (byte >= 0x80);
  if (byte === 0) return Number.NaN;
  if (high >= 2 ** 26) return Number.NaN;
  c.pos = pos;
  const magnitude = (low >>> 1) + high * 2 ** 27;
  if ((low & 1) === 0) return magnitude;
  return magnitude < Number.MAX_SAFE_INTEGER ? -magnitude - 1 : Number.NaN;
}

/** Reads a length that must fit in what is left, or NaN. */
export function readLength(c: Cursor): number {
  const length = readLong(c);
  return length >= 0 && length <= c.end - c.pos ? length : Number.NaN;
}
