/**
 * Compact range of [begin, end): the roots of the fewest perfect subtrees that cover these leaves,
 * left to right. It is all one must keep of a prefix of a log to append to it and to know its root
 * (for [0, end): one hash for each bit set in `end`).
 *
 * A perfect subtree of 2^level leaves begins at a multiple of 2^level. Two neighbours of one level
 * join when the left one begins at a multiple of 2^(level+1). See RFC 9162 section 2.1.1 for the
 * tree; the name is that of the transparency-dev libraries.
 *
 * Arithmetic here is on doubles, not on 32-bit integers: a log may pass 2^31 leaves.
 */
import { LedgerError } from './error.ts';
import {
  EMPTY_ROOT,
  HASH_SIZE,
  type Hash,
  type HashText,
  hashOfText,
  nodeOf,
  textOfHash,
} from './merkle.ts';

export class CompactRange {
  readonly begin: number;
  #end: number;
  readonly #levels: number[] = [];
  readonly #hashes: HashText[] = [];

  /** The empty range that begins at leaf `begin`. */
  constructor(begin = 0) {
    this.begin = begin;
    this.#end = begin;
  }

  /**
   * The range [begin, end) with these subtree roots.
   * @throws LedgerError OUT_OF_RANGE when their number is not that of the range, or it is none
   */
  static of(begin: number, end: number, hashes: readonly Hash[]): CompactRange {
    if (!([begin, end].every(Number.isSafeInteger) && begin >= 0 && begin <= end)) {
      throw new LedgerError('OUT_OF_RANGE', `[${begin}, ${end}) is no range of leaves.`);
    }
    const levels = subtreeLevels(begin, end);
    if (levels.length !== hashes.length || hashes.some((hash) => hash.length !== HASH_SIZE)) {
      throw new LedgerError(
        'OUT_OF_RANGE',
        `A compact range of [${begin}, ${end}) has ${levels.length} hashes of 32 bytes; ${hashes.length} were given.`,
      );
    }
    const range = new CompactRange(begin);
    for (const [i, hash] of hashes.entries()) {
      range.#push(levels[i] as number, textOfHash(hash));
    }
    return range;
  }

  get end(): number {
    return this.#end;
  }

  /** Roots of the subtrees, left to right. */
  get hashes(): readonly Hash[] {
    return this.#hashes.map(hashOfText);
  }

  /** Adds one leaf, given its hash. */
  append(leaf: Hash): void {
    this.#push(0, textOfHash(leaf));
  }

  /** The same, for those who add millions. */
  appendText(leaf: HashText): void {
    this.#push(0, leaf);
  }

  /**
   * Adds a range that begins where this one ends.
   * @throws LedgerError OUT_OF_RANGE when it begins elsewhere
   */
  appendRange(next: CompactRange): void {
    if (next.begin !== this.#end) {
      throw new LedgerError(
        'OUT_OF_RANGE',
        `A range that begins at leaf ${next.begin} cannot follow one that ends at ${this.#end}.`,
      );
    }
    for (const [i, hash] of next.#hashes.entries()) this.#push(next.#levels[i] as number, hash);
  }

  /**
   * Root of the tree of `end` leaves (RFC 9162 section 2.1.1).
   * @throws LedgerError OUT_OF_RANGE when the range does not begin at leaf 0
   */
  root(): Hash {
    if (this.begin !== 0) {
      throw new LedgerError('OUT_OF_RANGE', `A range from leaf ${this.begin} has no root.`);
    }
    const { length } = this.#hashes;
    return length === 0 ? EMPTY_ROOT : hashOfText(this.#hashes.reduceRight(joinLeft));
  }

  #push(level: number, hash: HashText): void {
    let joined = hash;
    let height = level;
    // Its place among the subtrees of its level: the right child of its parent has an odd one.
    let place = this.#end / 2 ** level;
    this.#end += 2 ** level;
    while (this.#levels.at(-1) === height && place % 2 === 1) {
      joined = nodeOf(this.#hashes.pop() as HashText, joined);
      this.#levels.pop();
      height += 1;
      place = (place - 1) / 2;
    }
    this.#hashes.push(joined);
    this.#levels.push(height);
  }
}

const joinLeft = (right: HashText, left: HashText): HashText => nodeOf(left, right);

/** Levels of the fewest perfect subtrees that cover [begin, end), left to right. */
function subtreeLevels(begin: number, end: number): number[] {
  const levels: number[] = [];
  let at = begin;
  while (at < end) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level += 1;
    levels.push(level);
    at += 2 ** level;
  }
  return levels;
}
