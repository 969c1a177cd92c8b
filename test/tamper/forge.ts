/** Changes an object as somebody would who knows the format well: its outer form stays right. */
import { readBatch } from '@authseal/ledger';

/** Another list of entries in the data block, with their right count and length. Codec `null` only. */
export function rewriteEntries(
  object: Buffer,
  change: (entries: (Buffer | undefined)[]) => (Buffer | undefined)[],
): Buffer {
  const batch = readBatch(object);
  const entries = Array.from({ length: batch.header.count }, (_, i) => batch.bytesOf(i));
  const block = Buffer.concat(entries);
  const sync = object.subarray(-16);
  const blockStart = object.length - sync.length - block.length;
  const countAt = blockStart - varint(block.length).length - varint(entries.length).length;
  const changed = change(entries).filter((entry) => entry !== undefined);
  const bytes = Buffer.concat(changed);
  return Buffer.concat([
    object.subarray(0, countAt),
    varint(changed.length),
    varint(bytes.length),
    bytes,
    sync,
  ]);
}

/** The object with one bit changed. */
export function flipBit(object: Buffer, at: number): Buffer {
  const changed = Buffer.from(object);
  changed.writeUInt8(object.readUInt8(at) ^ 1, at);
  return changed;
}

/** One text of the object replaced by another of the same length. */
export function swapText(object: Buffer, from: string, to: string): Buffer {
  const at = object.indexOf(from);
  return Buffer.concat([
    object.subarray(0, at),
    Buffer.from(to),
    object.subarray(at + from.length),
  ]);
}

/** Avro's zigzag varint of a count. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value * 2; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) + 128);
  }
}
