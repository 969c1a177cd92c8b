import { CompactRange, type LogHead, sha256 } from '@authseal/ledger';
import { describe, expect, it } from 'vitest';
import { decodeState, encodeState, type Position } from './state.ts';

const ORIGIN = 'acme/auth-events/3';

/** A position after `size` leaves. */
function positionAt(size: number): Position {
  const ones = [...size.toString(2)].filter((bit) => bit === '1').length;
  const hashes = Array.from({ length: ones }, (_, i) => sha256(`subtree ${i}`));
  const head: LogHead = {
    origin: ORIGIN,
    batch: 7,
    range: CompactRange.of(0, size, hashes),
    header: sha256('header'),
    offset: 1234,
    sealedAt: 1_790_000_000_000,
    retainUntil: 1_890_000_000_000,
    closed: false,
  };
  return { head, last: { offset: 1233, hash: sha256('last') }, batchOffset: 12, key: 'a key' };
}

describe('the state of a partition', () => {
  it('comes back from its metadata as it was', () => {
    const position = positionAt(1_000_003);
    const state = encodeState(position);
    expect(state.offset).toBe(1234);
    const decoded = decodeState(ORIGIN, state);
    expect(decoded?.head.range.root()).toEqual(position.head.range.root());
    expect(decoded).toEqual(position);
  });

  it('comes back when no record was ever sealed', () => {
    const position = { ...positionAt(1), last: null };
    expect(decodeState(ORIGIN, encodeState(position))).toEqual(position);
  });

  it('fits what a broker takes, however large the log', () => {
    const { metadata } = encodeState(positionAt(2 ** 53 - 1));
    expect(Buffer.byteLength(metadata)).toBeLessThanOrEqual(4096);
  });

  it.each([
    ['empty, as a reset by hand leaves it', ''],
    ['no JSON', 'x'],
    ['of another version', '{"v":2}'],
    ['cut short', encodeState(positionAt(5)).metadata.slice(0, 100)],
    ['with too few hashes', encodeState(positionAt(5)).metadata.replace('"size":5', '"size":7')],
  ])('is none when the metadata is %s', (_, metadata) => {
    expect(decodeState(ORIGIN, { offset: 3, metadata })).toBeNull();
  });
});
