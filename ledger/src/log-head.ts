/**
 * Where a log stands after a batch: all that the next batch must continue, and all that an ingestor
 * needs to seal it. A log before its batch 0 has the head of `newLog`.
 */
import { decodeBase64, encodeBase64 } from './base64.ts';
import { CompactRange } from './compact-range.ts';
import { LedgerError } from './error.ts';
import type { Header } from './header.ts';
import { type Hash, hashLeaf, sha256 } from './merkle.ts';

export type LogHead = {
  readonly origin: string;
  /** Number of the next batch. */
  readonly batch: number;
  /** Compact range of all leaves so far; its end is `first` of the next batch. */
  readonly range: CompactRange;
  /** SHA-256 of the last header, null before batch 0. */
  readonly header: Hash | null;
  /** Next source offset. */
  readonly offset: number;
  /** Of the last batch, milliseconds since 1970; 0 before batch 0. */
  readonly sealedAt: number;
  /** Of the last batch, milliseconds since 1970; 0 before batch 0. */
  readonly retainUntil: number;
  /** Nothing follows. */
  readonly closed: boolean;
};

/** The head of a log before its batch 0. */
export function newLog(origin: string): LogHead {
  const none = { batch: 0, offset: 0, sealedAt: 0, retainUntil: 0 };
  return { origin, range: new CompactRange(), header: null, closed: false, ...none };
}

/** The head after the batch with this header, from the header alone.
 * @throws LedgerError HEADER_MALFORMED when its compact ranges are not those of its leaves */
export function headAfter(header: Header, headerBytes: Buffer): LogHead {
  const { range, leafOfHeader } = rangesOf(header, headerBytes);
  range.append(leafOfHeader);
  return {
    origin: header.origin,
    batch: header.batch + 1,
    range,
    header: sha256(headerBytes),
    offset: header.offsets.to,
    sealedAt: header.sealedAt,
    retainUntil: header.retainUntil,
    closed: header.heartbeat === null,
  };
}

function rangesOf(
  { first, count, before, entries }: Header,
  headerBytes: Buffer,
): { range: CompactRange; leafOfHeader: Hash } {
  try {
    const range = CompactRange.of(0, first, decodeHashes(before));
    range.appendRange(CompactRange.of(first, first + count, decodeHashes(entries)));
    return { range, leafOfHeader: hashLeaf(headerBytes) };
  } catch (cause) {
    throw new LedgerError(
      'HEADER_MALFORMED',
      `The header's compact ranges are not those of leaves [0, ${first}) and [${first}, ${first + count}).`,
      { cause },
    );
  }
}

/** Hashes as a header holds them. */
export function encodeHashes(hashes: readonly Hash[]): string[] {
  return hashes.map(encodeBase64);
}

function decodeHashes(hashes: readonly string[]): Hash[] {
  return hashes.map((hash) => decodeBase64(hash) as Hash);
}

/** One thing in which a batch does not continue its log. */
export type ChainFault = {
  readonly member:
    | 'closed'
    | 'origin'
    | 'batch'
    | 'previous'
    | 'first'
    | 'offsets'
    | 'before'
    | 'sealedAt';
  readonly expected: string;
  readonly found: string;
};

/** In what the batch with this header does not continue the log: the first fault, or null. */
export function chainFault(head: LogHead, header: Header): ChainFault | null {
  const previous =
    head.header === null
      ? 'none'
      : `${encodeBase64(head.header)}, retained until ${head.retainUntil}`;
  const foundPrevious =
    header.previous === null
      ? 'none'
      : `${header.previous.header}, retained until ${header.previous.retainUntil}`;
  const compared: [ChainFault['member'], string | number, string | number][] = [
    ['origin', head.origin, header.origin],
    ['batch', head.batch, header.batch],
    ['previous', previous, foundPrevious],
    ['first', head.range.end, header.first],
    ['offsets', `from ${head.offset}`, `from ${header.offsets.from}`],
    ['before', encodeHashes(head.range.hashes).join(' '), header.before.join(' ')],
  ];
  if (head.closed) return { member: 'closed', expected: 'nothing', found: `batch ${header.batch}` };
  for (const [member, expected, found] of compared) {
    if (expected !== found) return { member, expected: String(expected), found: String(found) };
  }
  if (header.sealedAt < head.sealedAt) {
    const expected = `at least ${head.sealedAt}`;
    return { member: 'sealedAt', expected, found: String(header.sealedAt) };
  }
  return null;
}
