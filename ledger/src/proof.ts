/**
 * Merkle inclusion and consistency proofs: made as RFC 9162 sections 2.1.3.1 and 2.1.4.1 define
 * them, verified by the algorithms of sections 2.1.3.2 and 2.1.4.2.
 *
 * Making one needs the roots of aligned ranges of leaves; where these come from (leaf hashes at
 * hand, or the compact ranges in batch headers) is the caller's affair.
 */
import { LedgerError } from './error.ts';
import { EMPTY_ROOT, HASH_SIZE, type Hash, hashNode } from './merkle.ts';

/** Root of the tree over leaves [begin, end), begin < end: MTH(D[begin:end]) of RFC 9162. */
export type RangeRoot = (begin: number, end: number) => Hash;

/** RangeRoot over leaf hashes at hand. */
export function rangeRootOf(leaves: readonly Hash[]): RangeRoot {
  const root: RangeRoot = (begin, end) => {
    if (end - begin === 1) return leaves[begin] as Hash;
    const middle = begin + split(end - begin);
    return hashNode(root(begin, middle), root(middle, end));
  };
  return root;
}

/**
 * Proof that leaf `index` is in the tree of `size` leaves, leaf side first.
 * @throws LedgerError OUT_OF_RANGE unless 0 ≤ index < size
 */
export function inclusionProof(index: number, size: number, rootOf: RangeRoot): Hash[] {
  if (!isLeafOf(index, size)) {
    throw new LedgerError('OUT_OF_RANGE', `There is no leaf ${index} in a tree of ${size}.`);
  }
  const path = (begin: number, end: number): Hash[] => {
    if (end - begin === 1) return [];
    const middle = begin + split(end - begin);
    return index < middle
      ? [...path(begin, middle), rootOf(middle, end)]
      : [...path(middle, end), rootOf(begin, middle)];
  };
  return path(0, size);
}

/**
 * Proof that the tree of `from` leaves is a prefix of the tree of `to` leaves.
 * @throws LedgerError OUT_OF_RANGE unless 0 ≤ from ≤ to
 */
export function consistencyProof(from: number, to: number, rootOf: RangeRoot): Hash[] {
  if (!isPrefixOf(from, to)) {
    throw new LedgerError('OUT_OF_RANGE', `A tree of ${to} leaves has no prefix of ${from}.`);
  }
  const subproof = (begin: number, end: number, whole: boolean): Hash[] => {
    if (from === end) return whole ? [] : [rootOf(begin, end)];
    const middle = begin + split(end - begin);
    return from <= middle
      ? [...subproof(begin, middle, whole), rootOf(middle, end)]
      : [...subproof(middle, end, false), rootOf(begin, middle)];
  };
  return from === 0 ? [] : subproof(0, to, true);
}

/**
 * Verifies that `leaf` is leaf `index` of the tree of `size` leaves with this root.
 * @throws LedgerError PROOF_INVALID when it is not
 */
export function verifyInclusion(
  index: number,
  size: number,
  leaf: Hash,
  proof: readonly Hash[],
  root: Hash,
): void {
  const refuse = invalid(`Leaf ${index} is not shown to be in the tree of ${size} leaves`);
  if (!isLeafOf(index, size)) throw refuse('the index lies outside the tree');
  if (![leaf, root, ...proof].every(isHash)) throw refuse('a hash in it has not 32 bytes');
  let [fn, sn, r] = [index, size - 1, leaf];
  for (const p of proof) {
    if (sn === 0) throw refuse('the proof is too long');
    if (fn % 2 === 1 || fn === sn) {
      r = hashNode(p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, half(sn)];
    } else {
      r = hashNode(r, p);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0) throw refuse('the proof is too short');
  if (!r.equals(root)) throw refuse('it leads to another root');
}

/**
 * Verifies that the tree of `from` leaves with root `fromRoot` is a prefix of the one of `to`.
 * @throws LedgerError PROOF_INVALID when it is not
 */
export function verifyConsistency(
  from: number,
  to: number,
  fromRoot: Hash,
  toRoot: Hash,
  proof: readonly Hash[],
): void {
  const refuse = invalid(
    `The tree of ${from} leaves is not shown to be a prefix of that of ${to} leaves`,
  );
  if (!isPrefixOf(from, to)) throw refuse('the sizes are no sizes, or the second is smaller');
  if (![fromRoot, toRoot, ...proof].every(isHash)) throw refuse('a hash in it has not 32 bytes');
  if (from === 0 || from === to) {
    if (proof.length > 0) throw refuse('the proof is too long');
    if (!fromRoot.equals(from === 0 ? EMPTY_ROOT : toRoot)) throw refuse('the roots differ');
    return;
  }
  const path = isPowerOfTwo(from) ? [fromRoot, ...proof] : [...proof];
  let [fn, sn] = [from - 1, to - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  const first = path.shift();
  if (first === undefined) throw refuse('the proof is too short');
  let [fr, sr] = [first, first];
  for (const c of path) {
    if (sn === 0) throw refuse('the proof is too long');
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [hashNode(c, fr), hashNode(c, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, half(sn)];
    } else {
      sr = hashNode(sr, c);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0) throw refuse('the proof is too short');
  if (!fr.equals(fromRoot)) throw refuse('it leads to another first root');
  if (!sr.equals(toRoot)) throw refuse('it leads to another second root');
}

/** Largest power of two smaller than n, n ≥ 2. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

const half = (n: number): number => Math.floor(n / 2);

/** For n ≥ 1. */
const isPowerOfTwo = (n: number): boolean => split(2 * n) === n;

/** A hash of another length would shift what is hashed: a second proof of the same. */
const isHash = (hash: Hash): boolean => hash.length === HASH_SIZE;

const isLeafOf = (index: number, size: number): boolean =>
  Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size;

const isPrefixOf = (from: number, to: number): boolean =>
  Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from <= to;

function invalid(what: string): (why: string) => LedgerError {
  return (why) =>
    new LedgerError(
      'PROOF_INVALID',
      `${what}: ${why}. Fetch proof and checkpoint again; if this stays, the log was forked.`,
    );
}
