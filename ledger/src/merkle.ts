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

/** The same as 32 characters, one a byte (`latin1`): where millions are made, half the cost of Buffers. */
export type HashText = string;

export const HASH_SIZE = 32;

const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;
const PREFIXED_LARGE_ENTRY = Buffer.from('\0authseal/large-entry/v1\n');

/** SHA-256 of the bytes. By way of text, for Node takes twice as long to answer with a Buffer. */
export function sha256(data: Uint8Array | string): Hash {
  return hashOfText(sha256Text(data));
}

/** Root of the tree without leaves (RFC 9162 section 2.1.1). */
export const EMPTY_ROOT: Hash = sha256('');

/** Hash of one leaf, given its data (any length). */
export function hashLeaf(data: Uint8Array): Hash {
  const room = Buffer.allocUnsafe(1 + data.length);
  room.set(data, 1);
  return hashOfText(leafInPlace(room, 1, room.length));
}

/**
 * Hash of the leaf whose data are `buffer[start, end)`, without copying them: the byte before the
 * data lends its place to the prefix while hashing, so `start` is at least 1.
 */
export function leafInPlace(buffer: Buffer, start: number, end: number): HashText {
  if (end - start > MAX_PLAIN_LEAF) {
    const large = Buffer.concat([PREFIXED_LARGE_ENTRY, sha256(buffer.subarray(start, end))]);
    return sha256Text(large);
  }
  const lent = buffer[start - 1] as number;
  buffer[start - 1] = LEAF_PREFIX;
  const leaf = sha256Text(buffer.subarray(start - 1, end));
  buffer[start - 1] = lent;
  return leaf;
}

/** Hash of an inner node, given its children's hashes. */
export function hashNode(left: Hash, right: Hash): Hash {
  return hashOfText(nodeOf(textOfHash(left), textOfHash(right)));
}

const nodeRoom = Buffer.alloc(1 + 2 * HASH_SIZE, NODE_PREFIX);

/** Hash of an inner node, given its children's hashes. */
export function nodeOf(left: HashText, right: HashText): HashText {
  nodeRoom.write(left, 1, 'latin1');
  nodeRoom.write(right, 1 + HASH_SIZE, 'latin1');
  return sha256Text(nodeRoom);
}

/** SHA-256 of the bytes. Node calls `latin1` by its older name here. */
export function sha256Text(data: Uint8Array | string): HashText {
  return hash('sha256', data, 'binary');
}

export function textOfHash(hash: Hash): HashText {
  return hash.toString('latin1');
}

export function hashOfText(text: HashText): Hash {
  return Buffer.from(text, 'latin1');
}
