/** Changes an object as somebody would who knows the format well: its outer form stays right. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type NoteSigner, readBatch, sha256, signNote } from '@authseal/ledger';

/** Another list of entries in the data block, with their right count and length. Codec `null` only. */
export function rewriteEntries(
  object: Buffer,
  change: (entries: (Buffer | undefined)[]) => (Buffer | undefined)[],
): Buffer {
  const batch = readBatch(object);
  const entries = Array.from({ length: batch.header.count }, (_, i) => batch.bytesOf(i));
  const changed = change(entries).filter((entry) => entry !== undefined);
  return replaceBlock(object, Buffer.concat(entries), entries.length, changed);
}

/** The same entries, compressed with more effort. Codec `zstandard` only. */
export function recompress(object: Buffer): Buffer {
  const batch = readBatch(object);
  const magic = object.lastIndexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]));
  const block = object.subarray(magic, -16);
  const entries = zstdDecompressSync(block);
  const { ZSTD_c_compressionLevel } = constants;
  const other = zstdCompressSync(entries, { params: { [ZSTD_c_compressionLevel]: 19 } });
  return replaceBlock(object, block, batch.header.count, [other], batch.header.count);
}

function replaceBlock(
  object: Buffer,
  block: Buffer,
  countBefore: number,
  parts: readonly Buffer[],
  count = parts.length,
): Buffer {
  const sync = object.subarray(-16);
  const blockStart = object.length - sync.length - block.length;
  const countAt = blockStart - varint(block.length).length - varint(countBefore).length;
  const bytes = Buffer.concat(parts);
  return Buffer.concat([
    object.subarray(0, countAt),
    varint(count),
    varint(bytes.length),
    bytes,
    sync,
  ]);
}

/** The object with one more signature below its checkpoint, under the name of its log. */
export async function addSignature(object: Buffer, signer: NoteSigner): Promise<Buffer> {
  const { note, header } = readBatch(object);
  const text = note.toString().split('\n\n')[0];
  const signed = await signNote(`${text}\n`, header.origin, [signer]);
  const line = signed.trimEnd().split('\n').at(-1);
  const longer = Buffer.concat([note, Buffer.from(`${line}\n`)]);
  const at = object.indexOf(note);
  return Buffer.concat([
    object.subarray(0, at - varint(note.length).length),
    varint(longer.length),
    longer,
    object.subarray(at + note.length),
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

/** The header changed, and the sync marker made to fit it. */
export function rewriteHeader(object: Buffer, from: string, to: string): Buffer {
  const { headerBytes } = readBatch(object);
  const changed = swapText(headerBytes, from, to);
  const sync = sha256(changed).subarray(0, 16);
  const parts = object.toString('latin1').split(object.subarray(-16).toString('latin1'));
  const whole = Buffer.from(parts.join(sync.toString('latin1')), 'latin1');
  return swapText(whole, from, to);
}

/** Avro's zigzag varint of a count. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value * 2; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) + 128);
  }
}
