/**
 * A hole in a log: numbers of which no region has an authentic batch. Keys at which something else
 * lies are held until the next authentic batch tells whether what they claim to be has expired.
 */
import { type ChainFault, type Header, type LogHead, objectKey } from '@authseal/ledger';
import { MAX_HELD_KEYS } from '../limits.ts';
import { type ExaminedKey, wasSealed } from './object.ts';

export class HeldKeys {
  #keys: ExaminedKey[] = [];

  /** Returns one that there is no more room for. */
  hold(key: ExaminedKey): ExaminedKey | undefined {
    this.#keys.push(key);
    return this.#keys.length > MAX_HELD_KEYS ? this.#keys.shift() : undefined;
  }

  /** Lets go of those below a number, ascending. */
  release(below: number): ExaminedKey[] {
    const held = this.#keys.sort((a, b) => a.number - b.number);
    this.#keys = held.filter(({ number }) => number >= below);
    return held.filter(({ number }) => number < below);
  }

  /** The highest number for which a batch was sealed; -1 when there is none. */
  get lastSealed(): number {
    return Math.max(-1, ...this.#keys.filter(wasSealed).map(({ number }) => number));
  }

  clear(): void {
    this.#keys = [];
  }
}

/** In what a batch behind a hole cannot belong to the log that stood at `head` before the hole. */
export function holeFault(head: LogHead, header: Header): ChainFault | null {
  if (head.closed) return { member: 'closed', expected: 'nothing', found: `batch ${header.batch}` };
  // Each batch in the hole has at least its header for a leaf.
  const first = head.range.end + header.batch - head.batch;
  const least: [ChainFault['member'], number, number][] = [
    ['first', first, header.first],
    ['offsets', head.offset, header.offsets.from],
    ['sealedAt', head.sealedAt, header.sealedAt],
  ];
  const fault = least.find(([, expected, found]) => found < expected);
  if (fault === undefined) return null;
  const [member, expected, found] = fault;
  return { member, expected: `at least ${expected}`, found: String(found) };
}

/** Keys at which a batch of a hole may lie: it was sealed between the batches around the hole. */
export function namesInHole(batch: number, last: Header | null, next: Header): string[] {
  const times = new Set([last?.sealedAt ?? next.sealedAt, next.sealedAt]);
  return [...times].map((sealedAt) => objectKey('', { ...next, batch, sealedAt }));
}

/** The first number from `from` on that none of the keys has. */
export function firstWithoutKey(keys: readonly ExaminedKey[], from: number): number {
  const numbers = new Set(keys.map(({ number }) => number));
  let number = from;
  while (numbers.has(number)) number += 1;
  return number;
}
