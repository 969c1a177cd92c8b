import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EMPTY_ROOT, type Hash, hashLeaf, hashNode } from './merkle.ts';
import {
  consistencyProof,
  inclusionProof,
  rangeRootOf,
  verifyConsistency,
  verifyInclusion,
} from './proof.ts';
import { codeOf } from './testing/failure.ts';
import { LEAVES, NODE_HASHES, ROOTS } from './testing/merkle-vectors.ts';

const publicRoot = rangeRootOf(LEAVES.map(hashLeaf));
const node = (level: number, i: number): Hash => NODE_HASHES[level]?.[i] as Hash;
const root = (size: number): Hash => ROOTS[size] as Hash;

const leaves = Array.from({ length: 130 }, (_, i) => hashLeaf(Buffer.from(`leaf ${i}`)));
const rootOf = rangeRootOf(leaves);
const rootAt = (size: number): Hash => (size === 0 ? EMPTY_ROOT : rootOf(0, size));

/** Proofs that are not `proof`: cut, lengthened at either end, moved, one bit changed. */
function spoiled(proof: readonly Hash[], strangers: readonly Hash[]): Hash[][] {
  const changed = proof.map((hash, i) => {
    const other = Buffer.from(hash);
    other[i % 32] = (other[i % 32] as number) ^ 0x10;
    return proof.with(i, other);
  });
  const longer = strangers.flatMap((hash) => [
    [...proof, hash],
    [hash, ...proof],
  ]);
  const shorter = proof.length > 0 ? [proof.slice(0, -1), proof.slice(1), []] : [];
  const [first, second] = proof;
  const swapped = first && second ? [[second, first, ...proof.slice(2)]] : [];
  const misshapen = proof.flatMap((hash, i) => [
    proof.with(i, hash.subarray(1)),
    proof.with(i, Buffer.concat([hash, Buffer.of(0)])),
  ]);
  return [...changed, ...longer, ...shorter, ...swapped, ...misshapen];
}

describe('an inclusion proof', () => {
  it('is the public one for the public leaves', () => {
    expect(inclusionProof(0, 8, publicRoot)).toEqual([node(0, 1), node(1, 1), node(2, 1)]);
    expect(inclusionProof(5, 8, publicRoot)).toEqual([node(0, 4), node(1, 3), node(2, 0)]);
    expect(inclusionProof(2, 3, publicRoot)).toEqual([node(1, 0)]);
    expect(inclusionProof(1, 5, publicRoot)).toEqual([node(0, 0), node(1, 1), node(0, 4)]);
    expect(inclusionProof(0, 1, publicRoot)).toEqual([]);
  });

  it('holds for every leaf of every tree up to 8 against the public roots', () => {
    for (let size = 1; size <= 8; size += 1) {
      for (let i = 0; i < size; i += 1) {
        verifyInclusion(i, size, node(0, i), inclusionProof(i, size, publicRoot), root(size));
      }
    }
  });

  it('holds for any leaf of any tree, and in no spoiled form', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: leaves.length }), fc.nat(), (size, seed) => {
        const index = seed % size;
        const leaf = leaves[index] as Hash;
        const proof = inclusionProof(index, size, rootOf);
        verifyInclusion(index, size, leaf, proof, rootAt(size));
        for (const bad of spoiled(proof, [leaf, rootAt(size), Buffer.alloc(32)])) {
          expect(codeOf(() => verifyInclusion(index, size, leaf, bad, rootAt(size)))).toBe(
            'PROOF_INVALID',
          );
        }
      }),
    );
  });

  it('does not hold for another leaf, index, size or root', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: leaves.length - 1 }), fc.nat(), (size, seed) => {
        const index = seed % size;
        const leaf = leaves[index] as Hash;
        const proof = inclusionProof(index, size, rootOf);
        const refused = (i: number, n: number, hash: Hash, top: Hash): void => {
          expect(codeOf(() => verifyInclusion(i, n, hash, proof, top))).toBe('PROOF_INVALID');
        };
        refused(index, size, leaves[index + 1] as Hash, rootAt(size));
        for (const other of [index + 1, index - 1, index ^ 2]) {
          refused(other, size, leaf, rootAt(size));
        }
        refused(index, 2 * size, leaf, rootAt(size));
        refused(index, size, leaf, rootAt(size + 1));
        refused(index, size, leaf, EMPTY_ROOT);
        refused(index, size, leaf, Buffer.alloc(0));
      }),
    );
  });

  it('is neither made nor taken for an index outside the tree', () => {
    for (const [index, size] of [
      [0, 0],
      [1, 1],
      [-1, 4],
      [4, 4],
      [0.5, 4],
      [Number.NaN, 4],
      [0, Infinity],
    ] as const) {
      expect(codeOf(() => inclusionProof(index, size, rootOf))).toBe('OUT_OF_RANGE');
      expect(codeOf(() => verifyInclusion(index, size, root(1), [], root(1)))).toBe(
        'PROOF_INVALID',
      );
    }
  });

  it('is never longer than its tree is deep, though it leads to the root', () => {
    const [leaf, other] = leaves as [Hash, Hash];
    expect(codeOf(() => verifyInclusion(0, 1, leaf, [other], hashNode(other, leaf)))).toBe(
      'PROOF_INVALID',
    );
    const left = hashNode(leaf, other);
    expect(codeOf(() => verifyInclusion(0, 2, leaf, [other, left], hashNode(left, left)))).toBe(
      'PROOF_INVALID',
    );
  });

  it('that does not hold is refused with leaf and tree', () => {
    expect(() => verifyInclusion(2, 2, root(1), [], root(1))).toThrow(
      'Leaf 2 is not shown to be in the tree of 2 leaves: the index lies outside the tree',
    );
  });

  it('holds in trees past 2^32 leaves', () => {
    const index = 2 ** 40 + 1;
    const sparse = (begin: number, end: number) => hashLeaf(Buffer.from(`${begin} ${end}`));
    const path = inclusionProof(index, 2 ** 41 + 3, sparse);
    expect(path).toHaveLength(42);
    expect(codeOf(() => verifyInclusion(index, 2 ** 41 + 3, root(1), path, root(1)))).toBe(
      'PROOF_INVALID',
    );
  });
});

describe('a consistency proof', () => {
  it('is the public one for the public leaves', () => {
    expect(consistencyProof(1, 8, publicRoot)).toEqual([node(0, 1), node(1, 1), node(2, 1)]);
    expect(consistencyProof(6, 8, publicRoot)).toEqual([node(1, 2), node(1, 3), node(2, 0)]);
    expect(consistencyProof(2, 5, publicRoot)).toEqual([node(1, 1), node(0, 4)]);
    expect(consistencyProof(6, 7, publicRoot)).toEqual([node(1, 2), node(0, 6), node(2, 0)]);
    expect(consistencyProof(4, 4, publicRoot)).toEqual([]);
    expect(consistencyProof(0, 8, publicRoot)).toEqual([]);
  });

  it('holds between all trees up to 8 against the public roots', () => {
    for (let to = 0; to <= 8; to += 1) {
      for (let from = 0; from <= to; from += 1) {
        const proof = consistencyProof(from, to, publicRoot);
        verifyConsistency(from, to, root(from), root(to), proof);
      }
    }
  });

  it('holds between any two trees, and in no spoiled form', () => {
    fc.assert(
      fc.property(fc.nat(leaves.length), fc.nat(leaves.length), (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const proof = consistencyProof(from, to, rootOf);
        verifyConsistency(from, to, rootAt(from), rootAt(to), proof);
        for (const bad of spoiled(proof, [rootAt(from), rootAt(to), Buffer.alloc(32)])) {
          expect(codeOf(() => verifyConsistency(from, to, rootAt(from), rootAt(to), bad))).toBe(
            'PROOF_INVALID',
          );
        }
      }),
    );
  });

  it('does not hold for other sizes or roots', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        (from, more) => {
          const to = from + more;
          const proof = consistencyProof(from, to, rootOf);
          const refused = (m: number, n: number, first: Hash, second: Hash): void => {
            expect(codeOf(() => verifyConsistency(m, n, first, second, proof))).toBe(
              'PROOF_INVALID',
            );
          };
          refused(from, to, rootAt(to), rootAt(from));
          refused(from, to, EMPTY_ROOT, rootAt(to));
          refused(from, to, rootAt(from), EMPTY_ROOT);
          refused(from + 1, to, rootAt(from), rootAt(to));
          refused(from - 1, to, rootAt(from), rootAt(to));
          refused(to, from, rootAt(to), rootAt(from));
          refused(from, 2 * to, rootAt(from), rootAt(to));
        },
      ),
    );
  });

  it('from the empty tree is empty and proves nothing but that it is empty', () => {
    verifyConsistency(0, 5, EMPTY_ROOT, rootAt(5), []);
    expect(codeOf(() => verifyConsistency(0, 5, rootAt(1), rootAt(5), []))).toBe('PROOF_INVALID');
  });

  it('is neither made nor taken for a tree that is no prefix, whatever it leads to', () => {
    const [a, b] = leaves as [Hash, Hash];
    for (const [from, to] of [
      [3, 2],
      [4, 2],
      [-1, 2],
      [1.5, 2],
      [1, Infinity],
    ] as const) {
      expect(codeOf(() => consistencyProof(from, to, rootOf))).toBe('OUT_OF_RANGE');
      for (const [proof, second] of [
        [[], a],
        [[a], a],
        [[a, b], hashNode(a, b)],
      ] as const) {
        expect(codeOf(() => verifyConsistency(from, to, a, second, proof))).toBe('PROOF_INVALID');
      }
    }
  });

  it('that does not hold is refused with both trees', () => {
    expect(() => verifyConsistency(3, 2, root(3), root(2), [])).toThrow(
      'The tree of 3 leaves is not shown to be a prefix of that of 2 leaves: the sizes',
    );
  });
});
