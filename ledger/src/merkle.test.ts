import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  EMPTY_ROOT,
  type Hash,
  hashLeaf,
  hashNode,
  hashOfText,
  leafInPlace,
  sha256,
} from './merkle.ts';
import { LEAVES, NODE_HASHES, ROOTS } from './testing/merkle-vectors.ts';

describe('the Merkle tree', () => {
  it('has the leaf hashes of RFC 6962', () => {
    expect(LEAVES.map(hashLeaf)).toEqual(NODE_HASHES[0]);
    expect(hashLeaf(Buffer.from('L123456')).toString('hex')).toBe(
      '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
    );
  });

  it('has the node hashes of RFC 6962', () => {
    for (const [level, hashes] of NODE_HASHES.slice(0, -1).entries()) {
      for (let i = 0; i < hashes.length; i += 2) {
        expect(hashNode(hashes[i] as Hash, hashes[i + 1] as Hash)).toEqual(
          NODE_HASHES[level + 1]?.[i / 2],
        );
      }
    }
  });

  it('without leaves has SHA-256 of nothing as its root', () => {
    expect(EMPTY_ROOT).toEqual(ROOTS[0]);
  });

  it('keeps no memory of the node before', () => {
    const first = hashNode(LEAVES.map(hashLeaf)[0] as Hash, LEAVES.map(hashLeaf)[1] as Hash);
    hashNode(EMPTY_ROOT, EMPTY_ROOT);
    expect(first).toEqual(NODE_HASHES[1]?.[0]);
  });
});

describe('a leaf', () => {
  const plain = (data: Buffer) => createHash('sha256').update('\0').update(data).digest();

  it('of up to 65,535 bytes is hashed as it is', () => {
    for (const size of [0, 1, 65_534, 65_535]) {
      const data = Buffer.alloc(size, 'x');
      expect(hashLeaf(data)).toEqual(plain(data));
    }
  });

  it('from 65,536 bytes on is hashed first, under the name authseal/large-entry/v1', () => {
    for (const size of [65_536, 1_000_000]) {
      const data = Buffer.alloc(size, 'x');
      const form = Buffer.concat([Buffer.from('authseal/large-entry/v1\n'), sha256(data)]);
      expect(hashLeaf(data)).toEqual(plain(form));
    }
  });

  it('is the same hashed in place, and the byte that is lent comes back', () => {
    for (const size of [0, 1, 100, 65_535, 65_536, 70_000]) {
      const room = Buffer.alloc(size + 20, 0xab);
      room.fill('x', 10, 10 + size);
      const before = Buffer.from(room);
      expect(hashOfText(leafInPlace(room, 10, 10 + size))).toEqual(
        hashLeaf(Buffer.alloc(size, 'x')),
      );
      expect(room.equals(before)).toBe(true);
    }
  });
});
