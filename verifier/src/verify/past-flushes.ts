/** The last flushes of a producer, in which a repeat is looked for. */
import { type HashText, hashOfText, sha256Text } from '@authseal/ledger';
import { REMEMBERED_FLUSHES } from '../limits.ts';

export class PastFlushes {
  #flushes: readonly { readonly first: number; readonly digest: HashText }[] = [];

  /** Whether it was one of them. */
  has(first: number, digest: HashText): boolean {
    return this.#flushes.some((flush) => flush.first === first && flush.digest === digest);
  }

  add(first: number, digest: HashText): void {
    this.#flushes = [...this.#flushes.slice(1 - REMEMBERED_FLUSHES), { first, digest }];
  }
}

/** All that a repeat has in common with its first: values (their hashes), link and signature. */
export function digestOf(
  values: readonly HashText[],
  link: Buffer,
  signature: Buffer | null,
): HashText {
  return sha256Text(Buffer.concat([hashOfText(values.join('')), link, signature ?? NONE]));
}

const NONE = Buffer.alloc(0);
