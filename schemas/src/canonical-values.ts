/**
 * Where one canonical value of each of Avro's types ends. What canonical is, and why: canonical.ts,
 * which puts these together for a schema, and generated/canonical.ts, which has it done beforehand.
 */

import { isUtf8 } from 'node:buffer';
import { Cursor, readLong } from './cursor.ts';
import type { KeySet } from './key-set.ts';

/** @returns the end of the one canonical value that begins at `at`, or -1 when there is none */
export type EndOf = (buf: Uint8Array, at: number) => number;

export function endOfBoolean(buf: Uint8Array, at: number): number {
  return at < buf.length && (buf[at] as number) <= 1 ? at + 1 : -1;
}

export function endOfInt(buf: Uint8Array, at: number): number {
  const value = longAt(buf, at);
  return value >= -(2 ** 31) && value < 2 ** 31 ? after : -1;
}

export function endOfLong(buf: Uint8Array, at: number): number {
  return Number.isNaN(longAt(buf, at)) ? -1 : after;
}

/** @param count of symbols */
export function endOfEnum(buf: Uint8Array, at: number, count: number): number {
  const index = longAt(buf, at);
  return index >= 0 && index < count ? after : -1;
}

export function endOfFixed(buf: Uint8Array, at: number, size: number): number {
  return at + size <= buf.length ? at + size : -1;
}

export function endOfBytes(buf: Uint8Array, at: number): number {
  const length = longAt(buf, at);
  return length >= 0 && length <= buf.length - after ? after + length : -1;
}

export function endOfString(buf: Uint8Array, at: number): number {
  const length = longAt(buf, at);
  if (!(length >= 0 && length <= buf.length - after)) return -1;
  return isText(buf, after, after + length) ? after + length : -1;
}

/** Whether the branch `null` of ["null", X] stands here, in one byte. */
export function isNull(buf: Uint8Array, at: number): boolean {
  return at < buf.length && buf[at] === NULL_BRANCH;
}

/** Whether the branch X of ["null", X] stands here: one byte, then the value. */
export function isPresent(buf: Uint8Array, at: number): boolean {
  return at < buf.length && buf[at] === VALUE_BRANCH;
}

// 0 and 1 in zig-zag.
const NULL_BRANCH = 0;
const VALUE_BRANCH = 2;

export function endOfArray(buf: Uint8Array, at: number, endOfItem: EndOf): number {
  const count = longAt(buf, at);
  let end = after;
  if (count === 0) return end;
  if (!isCountPossible(buf, end, count)) return -1;
  for (let left = count; left > 0; left--) {
    end = endOfItem(buf, end);
    if (end < 0) return -1;
  }
  return endOfBlocks(buf, end);
}

/** @param keys of this map, and of no map inside it */
export function endOfMap(buf: Uint8Array, at: number, keys: KeySet, endOfValue: EndOf): number {
  const count = longAt(buf, at);
  let end = after;
  if (count === 0) return end;
  if (!isCountPossible(buf, end, count)) return -1;
  keys.clear();
  for (let left = count; left > 0; left--) {
    end = endOfNewKey(buf, end, keys);
    if (end >= 0) end = endOfValue(buf, end);
    if (end < 0) return -1;
  }
  return endOfBlocks(buf, end);
}

/** Of a map key that is not in `keys` yet. */
export function endOfNewKey(buf: Uint8Array, at: number, keys: KeySet): number {
  const end = endOfString(buf, at);
  return end >= 0 && keys.add(buf, after, end) ? end : -1;
}

/** One block of positive count; no item of our schemas is empty. */
const isCountPossible = (buf: Uint8Array, at: number, count: number): boolean =>
  count > 0 && count <= buf.length - at;

/** The count 0 ends an array or a map. */
const endOfBlocks = (buf: Uint8Array, at: number): number =>
  at < buf.length && buf[at] === 0 ? at + 1 : -1;

function isText(buf: Uint8Array, start: number, end: number): boolean {
  let at = start;
  // Four bytes at once: most text is ASCII, and this is where most of the time goes.
  for (; at + 4 <= end; at += 4) {
    const bits =
      (buf[at] as number) |
      (buf[at + 1] as number) |
      (buf[at + 2] as number) |
      (buf[at + 3] as number);
    if (bits >= 0x80) return isUtf8(buf.subarray(at, end));
  }
  for (; at < end; at++) if ((buf[at] as number) >= 0x80) return isUtf8(buf.subarray(at, end));
  return true;
}

/** Where the number that `longAt` read last ends: a second result that costs no object. */
let after = 0;
const cursor: Cursor = new Cursor(new Uint8Array());

/** As readLong of cursor.ts; most numbers here are of one byte. */
function longAt(buf: Uint8Array, at: number): number {
  if (at < buf.length) {
    const byte = buf[at] as number;
    if (byte < 0x80) {
      after = at + 1;
      return (byte >>> 1) ^ -(byte & 1);
    }
  }
  cursor.buf = buf;
  cursor.pos = at;
  cursor.end = buf.length;
  const value = readLong(cursor);
  after = cursor.pos;
  return value;
}
