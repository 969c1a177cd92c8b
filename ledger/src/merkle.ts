/**
 * Hashes of the Merkle tree, as RFC 6962 section 2.1 and RFC 9162 section 2.1.1:
 *
 *     leaf = SHA-256(0x00 ‖ data)        node = SHA-256(0x01 ‖ left ‖ right)
 *
 * The two prefixes keep a node from being passed off as a leaf (second preimage). The root of the
 * empty tree is SHA-256 of nothing.
 *
 * Leaf data is an entry's Avro bytes, or a batch header's bytes. Data longer than 65,535 bytes is
 * replaced by `authseal/large-entry/v1\n` ‖ SHA-256(data), so that every leaf fits the 16-bit
 * lengths of C2SP tlog-tiles. Neither this form nor a header (which begins with `{`) can be taken
 * for an entry: an entry begins with its index, and as Avro longs `a` and `{` would be negative.
 */
import { hash } from 'node:crypto';
import { MAX_PLAIN_LEAF } from './limits.ts';

/** 32 bytes of SHA-256. */
export type Hash = Buffer;

export const HASH_SIZE = 32;

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;
const LARGE_ENTRY = Buffer.from('authseal/large-entry/v1\n');

/** SHA-256 of the bytes. */
export function sha256(data: Uint8Array | string): Hash {
  return hash('sha256', data, 'buffer');
}

/** Root of the tree without leaves (RFC 9162 section 2.1.1). */
export const EMPTY_ROOT: Hash = sha256('');

/** Hash of one leaf, given its data (any length). */
export function hashLeaf(data: Uint8Array): Hash {
  const room = Buffer.allocUnsafe(1 + data.length);
  room.set(data, 1);
  return hashLeafInPlace(room, 1, room.length);
}

/**
 * Hash of the leaf whose data are `buffer[start, end)`, without copying them: the byte before the
 * data lends its place to the prefix while hashing, so `start` is at least 1.
 */
export function hashLeafInPlace(buffer: Buffer, start: number, end: number): Hash {
  if (end - start > MAX_PLAIN_LEAF) {
    return hashLeaf(Buffer.concat([LARGE_ENTRY, sha256(buffer.subarray(start, end))]));
  }
  const lent = buffer[start - 1] as number;
  buffer[start - 1] = LEAF_PREFIX;
  const leaf = sha256(buffer.subarray(start - 1, end));
  buffer[start - 1] = lent;
  return leaf;
}

const nodeRoom = Buffer.alloc(1 + 2 * HASH_SIZE, NODE_PREFIX);

/** Hash of an inner node, given its children's hashes. */
export function hashNode(left: Hash, right: Hash): Hash {
  nodeRoom.set(left, 1);
  nodeRoom.set(right, 1 + HASH_SIZE);
  return sha256(nodeRoom);
}
