/**
 * What a batch's header says of its entries, made from their bytes: the costliest part of sealing.
 * It needs nothing else, and all of it can be sent, so that another thread may do it.
 */
import { CompactRange } from './compact-range.ts';
import { type Codec, checkBlock, encodeBlock } from './container.ts';
import { encodeHashes } from './log-head.ts';
import { hashLeaf, leafInPlace } from './merkle.ts';

export type Entries = {
  /** The entries, one after the other, from byte 1 on: byte 0 lends its place to the leaf prefix. */
  readonly buffer: Buffer;
  /** Where each entry begins, and last where the last one ends. */
  readonly bounds: Uint32Array;
  /** Index of the first entry. */
  readonly first: number;
  readonly codec: Codec;
};

export type Digest = {
  /** Compact range of the entries' leaves, as a header holds it. */
  readonly range: readonly string[];
  /** The entries as they stand in the data block. */
  readonly block: Buffer;
  /** The memory of the entries, for others to come; shared with the block when that is not compressed. */
  readonly buffer: Buffer;
};

/** Digests entries here, or has it done elsewhere. */
export type DigestEntries = (entries: Entries) => Digest | Promise<Digest>;

/**
 * Here and now.
 * @throws LedgerError BLOCK_UNREADABLE
 */
export function digestEntries({ buffer, bounds, first, codec }: Entries): Digest {
  const range = rangeOfEntries(buffer, bounds, first);
  const content = buffer.subarray(bounds[0], bounds.at(-1));
  const block = encodeBlock(content, codec);
  checkBlock(block, content, codec);
  return { range: encodeHashes(range.hashes), block, buffer };
}

/** Compact range of the leaves of entries, the first of which has the index `first`. */
export function rangeOfEntries(buffer: Buffer, bounds: Uint32Array, first: number): CompactRange {
  const range = new CompactRange(first);
  for (let i = 0; i + 1 < bounds.length; i += 1) {
    const [start, end] = [bounds[i] as number, bounds[i + 1] as number];
    // No byte before it could lend its place.
    if (start === 0) range.append(hashLeaf(buffer.subarray(start, end)));
    else range.appendText(leafInPlace(buffer, start, end));
  }
  return range;
}
