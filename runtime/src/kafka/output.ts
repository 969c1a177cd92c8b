/** What comes out of a decompression: grows as it must, up to a limit, and can repeat itself. */
const FIRST_CAPACITY = 64 * 1024;

export class Output {
  readonly #limit: number;
  #bytes = Buffer.allocUnsafe(FIRST_CAPACITY);
  #length = 0;

  /** @param limit bytes; one more and it throws */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Appends `source` [at, at + size). */
  append(source: Buffer, at: number, size: number): void {
    if (at + size > source.length) throw new Error(`${size} bytes at ${at} end beyond the bytes`);
    this.#reserve(size);
    source.copy(this.#bytes, this.#length, at, at + size);
    this.#length += size;
  }

  /** Appends `size` bytes from `distance` before the end on, which may be such as it appends itself. */
  repeat(distance: number, size: number, from: number): void {
    if (distance === 0 || distance > this.#length - from) {
      throw new Error(
        `a copy reaches back ${distance} bytes, and ${this.#length - from} are there`,
      );
    }
    this.#reserve(size);
    const begin = this.#length - distance;
    // What lies between is whole periods of what is repeated, and doubles with each turn.
    for (let done = 0; done < size; ) {
      const part = Math.min(size - done, distance + done);
      this.#bytes.copy(this.#bytes, this.#length + done, begin, begin + part);
      done += part;
    }
    this.#length += size;
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed > this.#limit) throw new Error(`more than ${this.#limit} bytes come out`);
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
