/** Up to this many keys are compared byte by byte; more go into a Set. */
const FEW = 16;

/**
 * The keys of one map, to find a repeated one. Makes no object for a map of
 * few keys, and stays linear for a hostile map of many.
 */
export class KeySet {
  readonly #starts = new Int32Array(FEW);
  readonly #ends = new Int32Array(FEW);
  #size = 0;
  #many: Set<string> | null = null;

  clear(): void {
    this.#size = 0;
    this.#many = null;
  }

  /** @returns false when the key buf[start, end) is there already; `buf` is the same for all keys. */
  add(buf: Uint8Array, start: number, end: number): boolean {
    if (this.#size < FEW) {
      for (let i = 0; i < this.#size; i++) {
        if (same(buf, this.#starts[i] as number, this.#ends[i] as number, start, end)) return false;
      }
      this.#starts[this.#size] = start;
      this.#ends[this.#size] = end;
      this.#size++;
      return true;
    }
    if (this.#many === null) {
      this.#many = new Set();
      for (let i = 0; i < FEW; i++)
        this.#many.add(latin1(buf, this.#starts[i] as number, this.#ends[i] as number));
    }
    const before = this.#many.size;
    return this.#many.add(latin1(buf, start, end)).size > before;
  }
}

function same(buf: Uint8Array, s1: number, e1: number, s2: number, e2: number): boolean {
  if (e1 - s1 !== e2 - s2) return false;
  for (let i = s1, j = s2; i < e1; i++, j++) if (buf[i] !== buf[j]) return false;
  return true;
}

/** One character a byte, so that equal strings are equal bytes. */
function latin1(buf: Uint8Array, start: number, end: number): string {
  return Buffer.from(buf.buffer, buf.byteOffset + start, end - start).toString('latin1');
}
