/** Bytes that are being written. */
export class Sink {
  #buf: Buffer;
  #pos = 0;

  /** @param size bytes to begin with; grows when needed */
  constructor(size: number) {
    this.#buf = Buffer.allocUnsafe(size);
  }

  /** Where the next byte goes. */
  get pos(): number {
    return this.#pos;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buf[this.#pos++] = value;
  }

  /** @param value a safe integer; written in zig-zag as the shortest varint */
  long(value: number): void {
    this.#reserve(8);
    this.#pos = putLong(this.#buf, this.#pos, value);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buf.set(value, this.#pos);
    this.#pos += value.length;
  }

  /** The UTF-8 of `value` with its length before it. */
  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.long(length);
    this.#reserve(length);
    this.#buf.write(value, this.#pos, 'utf8');
    this.#pos += length;
  }

  /** Puts a long in at `at`, before what was written since. */
  insertLong(at: number, value: number): void {
    this.#reserve(8);
    const size = putLong(LONG, 0, value);
    this.#buf.copyWithin(at + size, at, this.#pos);
    this.#buf.set(LONG.subarray(0, size), at);
    this.#pos += size;
  }

  /** What was written: a view, not a copy. */
  written(): Buffer {
    return this.#buf.subarray(0, this.#pos);
  }

  #reserve(length: number): void {
    if (this.#pos + length <= this.#buf.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#buf.length, this.#pos + length));
    this.#buf.copy(larger, 0, 0, this.#pos);
    this.#buf = larger;
  }
}

const LONG = Buffer.alloc(8);

/** @returns the position after the long */
function putLong(buf: Buffer, at: number, value: number): number {
  // Zig-zag in two parts, for 2 × value may be beyond 2^53.
  const magnitude = value < 0 ? -(value + 1) : value;
  let low = (magnitude % 2 ** 27) * 2 + (value < 0 ? 1 : 0);
  let high = Math.floor(magnitude / 2 ** 27);
  let pos = at;
  for (let count = 0; low >= 0x80 || high > 0; count++) {
    buf[pos++] = (low & 0x7f) | 0x80;
    low >>>= 7;
    if (count === 3) {
      low = high;
      high = 0;
    }
  }
  buf[pos++] = low;
  return pos;
}
