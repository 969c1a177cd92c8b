/** The last flushes of a producer, in which a repeat is looked for. Unproven ones do not push proven ones out. */
import { type HashText, hashOfText, sha256Text } from '@authseal/ledger';
import { REMEMBERED_FLUSHES } from '../limits.ts';

export class PastFlushes {
  #proven: readonly Flush[] = NO_FLUSHES;
  #others: readonly Flush[] = NO_FLUSHES;

  /** Whether it was one of them. */
  has(first: number, digest: HashText): boolean {
    const is = (flush: Flush) => flush.first === first && flush.digest === digest;
    return this.#proven.some(is) || this.#others.some(is);
  }

  add(flush: Flush, isProven: boolean): void {
    if (isProven) this.#proven = [...this.#proven.slice(1 - REMEMBERED_FLUSHES), flush];
    else this.#others = [...this.#others.slice(1 - REMEMBERED_FLUSHES), flush];
  }
}

type Flush = { readonly first: number; readonly digest: HashText };

const NO_FLUSHES: readonly Flush[] = [];

/** All that a repeat has in common with its first: values (their hashes), link and signature. */
export function digestOf(
  values: readonly HashText[],
  link: Buffer,
  signature: Buffer | null,
): HashText {
  return sha256Text(Buffer.concat([hashOfText(values.join('')), link, signature ?? NONE]));
}

const NONE = Buffer.alloc(0);
