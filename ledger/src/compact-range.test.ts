import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompactRange } from './compact-range.ts';
import { EMPTY_ROOT, type Hash, hashLeaf, hashNode } from './merkle.ts';
import { codeOf } from './testing/failure.ts';
import { LEAVES, NODE_HASHES, ROOTS } from './testing/merkle-vectors.ts';

const leaf = (i: number): Hash => hashLeaf(Buffer.from(`leaf ${i}`));

/** MTH of RFC 9162 section 2.1.1, word by word. */
function treeHash(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0] as Hash;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return hashNode(treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

function rangeOf(begin: number, end: number): CompactRange {
  const range = new CompactRange(begin);
  for (let i = begin; i < end; i += 1) range.append(leaf(i));
  return range;
}

describe('a compact range', () => {
  it('of [0, n) has the public roots for n from 0 to 8', () => {
    const range = new CompactRange();
    expect(range.root()).toEqual(ROOTS[0]);
    for (const [i, data] of LEAVES.entries()) {
      range.append(hashLeaf(data));
      expect(range.root()).toEqual(ROOTS[i + 1]);
    }
  });

  it('of [0, 7) holds the public subtrees of 4, 2 and 1 leaves, left to right', () => {
    const range = new CompactRange();
    for (const data of LEAVES.slice(0, 7)) range.append(hashLeaf(data));
    expect(range.hashes).toEqual([NODE_HASHES[2]?.[0], NODE_HASHES[1]?.[2], NODE_HASHES[0]?.[6]]);
  });

  it('of [1, 8) holds those of 1, 2 and 4 leaves', () => {
    const range = new CompactRange(1);
    for (const data of LEAVES.slice(1)) range.append(hashLeaf(data));
    expect(range.hashes).toEqual([NODE_HASHES[0]?.[1], NODE_HASHES[1]?.[1], NODE_HASHES[2]?.[1]]);
  });

  it('has the root that RFC 9162 defines, at any size', () => {
    const leaves = Array.from({ length: 70 }, (_, i) => leaf(i));
    for (let n = 0; n <= leaves.length; n += 1) {
      expect(rangeOf(0, n).root()).toEqual(treeHash(leaves.slice(0, n)));
    }
  });

  it('of [0, n) has one hash for each bit set in n', () => {
    for (let n = 0; n < 200; n += 1) {
      expect(rangeOf(0, n).hashes).toHaveLength(n.toString(2).replaceAll('0', '').length);
    }
  });

  it('is the same however its leaves were added: one by one or range by range', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.array(fc.nat(40), { maxLength: 12 }), (begin, sizes) => {
        const whole = new CompactRange(begin);
        for (const size of sizes) whole.appendRange(rangeOf(whole.end, whole.end + size));
        const single = rangeOf(begin, whole.end);
        expect(whole.end).toBe(begin + sizes.reduce((sum, size) => sum + size, 0));
        expect(whole.hashes).toEqual(single.hashes);
        expect(CompactRange.of(begin, whole.end, whole.hashes).hashes).toEqual(whole.hashes);
      }),
    );
  });

  it('grows past 2^32 leaves', () => {
    const sizes = [2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, 2 ** 45 + 1, 2 ** 53 - 2];
    for (const size of sizes) {
      const bits = size.toString(2).replaceAll('0', '').length;
      const range = CompactRange.of(
        0,
        size,
        Array.from({ length: bits }, (_, i) => leaf(i)),
      );
      range.append(leaf(99));
      expect(range.end).toBe(size + 1);
      expect(range.hashes).toHaveLength((size + 1).toString(2).replaceAll('0', '').length);
    }
  });

  it('is refused with too few or too many hashes, or with hashes of another length', () => {
    const [a, b] = [leaf(0), leaf(1)];
    expect(codeOf(() => CompactRange.of(0, 3, [a]))).toBe('OUT_OF_RANGE');
    expect(codeOf(() => CompactRange.of(0, 2, [a, b]))).toBe('OUT_OF_RANGE');
    expect(codeOf(() => CompactRange.of(0, 1, [a.subarray(1)]))).toBe('OUT_OF_RANGE');
    expect(codeOf(() => CompactRange.of(3, 3, [a]))).toBe('OUT_OF_RANGE');
    expect(codeOf(() => CompactRange.of(3, 2, []))).toBe('OUT_OF_RANGE');
  });

  it('is of leaves: neither bound is negative, a fraction, or 2^53', () => {
    const [a, b] = [leaf(0), leaf(1)];
    for (const [begin, end] of [
      [-1, 0],
      [-2, -1],
      [0.5, 1],
      [0, 0.5],
      [2 ** 53 - 1, 2 ** 53],
      [0, Number.NaN],
      [Number.NaN, 1],
    ] as const) {
      for (const hashes of [[], [a], [a, b]]) {
        expect(codeOf(() => CompactRange.of(begin, end, hashes))).toBe('OUT_OF_RANGE');
      }
    }
  });

  it('cannot be followed by one that begins elsewhere, and has a root only from leaf 0', () => {
    expect(codeOf(() => rangeOf(0, 3).appendRange(rangeOf(4, 5)))).toBe('OUT_OF_RANGE');
    expect(codeOf(() => rangeOf(1, 3).root())).toBe('OUT_OF_RANGE');
  });
});
