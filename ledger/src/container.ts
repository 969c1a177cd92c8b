/**
 * A batch as an Avro object container file (Avro 1.12 specification, "Object container files"), so
 * that any Avro reader reads it:
 *
 *     "Obj" 0x01
 *     file metadata: one map block of exactly these four, in this order
 *         avro.schema           the text of authseal.Entry's schema, without `doc`
 *         avro.codec            "zstandard" or "null"
 *         authseal.header       see header.ts
 *         authseal.checkpoint   see checkpoint.ts
 *     sync marker: first 16 bytes of SHA-256(authseal.header)
 *     one data block (none when there are no entries): number of entries, length, bytes, sync marker
 *
 * and nothing after it. Every varint is the shortest. Avro's zstandard codec leaves the frame open;
 * here it has the one form of zstd-frame.ts. With codec `null`, two implementations given the same
 * records, header and key produce the same bytes.
 */
import { LedgerError } from './error.ts';
import { excerpt } from './excerpt.ts';
import { MAX_BATCH_COUNT, MAX_OBJECT } from './limits.ts';
import { sha256 } from './merkle.ts';
import { readVarint, varint, varintSize } from './varint.ts';
import { zstdCompress, zstdDecompress } from './zstd-frame.ts';

export type Codec = 'zstandard' | 'null';

export type Container = {
  readonly schema: Buffer;
  readonly codec: Codec;
  readonly header: Buffer;
  readonly checkpoint: Buffer;
  /** Number of entries as the block says it. */
  readonly count: number;
  /** The entries, one after the other, as the codec makes them. */
  readonly block: Buffer;
};

const MAGIC = Buffer.from('Obj\x01');
const METADATA = ['avro.schema', 'avro.codec', 'authseal.header', 'authseal.checkpoint'] as const;
const SYNC_SIZE = 16;
const END_OF_MAP = varint(0);

/** Entries as they stand in the data block. */
export function encodeBlock(entries: Buffer, codec: Codec): Buffer {
  return codec === 'zstandard' && entries.length > 0 ? zstdCompress(entries) : entries;
}

/**
 * What is signed is locked for years: before, the entries must come out of their block again.
 * @throws LedgerError BLOCK_UNREADABLE
 */
export function checkBlock(block: Buffer, entries: Buffer, codec: Codec): void {
  if (codec === 'null' || entries.length === 0) return;
  if (zstdDecompress(block, entries.length)?.equals(entries)) return;
  throw new LedgerError(
    'BLOCK_UNREADABLE',
    `Entries of ${entries.length} bytes, compressed, are not what comes out again. Nothing was sealed. If it goes on, the memory of this machine or the zlib of its Node.js is at fault: seal on another machine.`,
  );
}

/**
 * The entries of a data block, in memory of their own.
 * @throws LedgerError CONTAINER_MALFORMED
 */
export function decodeBlock(block: Buffer, codec: Codec): Buffer {
  if (codec === 'null' || block.length === 0) return Buffer.from(block);
  const entries = zstdDecompress(block, MAX_OBJECT);
  if (entries === null) throw malformed('its entries do not decompress from one plain zstd frame');
  return entries;
}

/** The object's bytes. */
export function writeContainer(container: Container): Buffer {
  const { count, block } = container;
  const sync = syncMarker(container.header);
  const head = [...fileHeader(container), sync];
  if (count === 0) return Buffer.concat(head);
  return Buffer.concat([...head, varint(count), varint(block.length), block, sync]);
}

/**
 * Reads an object; what it holds is not judged here.
 * @throws LedgerError CONTAINER_MALFORMED when a single byte of its form is not as above
 */
export function readContainer(object: Buffer): Container {
  if (object.length > MAX_OBJECT) throw malformed(`it is longer than ${MAX_OBJECT} bytes`);
  const { metadata, end } = readFileHeader(object);
  const [schema, codecName, header, checkpoint] = metadata as [Buffer, Buffer, Buffer, Buffer];
  const codec = parseCodec(codecName.toString('latin1'));
  const sync = syncMarker(header);
  if (!object.subarray(end, end + SYNC_SIZE).equals(sync)) {
    throw malformed('its sync marker is not that of its header');
  }
  return { schema, codec, header, checkpoint, ...readBlock(object, end + SYNC_SIZE, sync) };
}

function fileHeader({ schema, codec, header, checkpoint }: Container): Buffer[] {
  const values = [schema, Buffer.from(codec), header, checkpoint];
  const members = METADATA.flatMap((name, i) => {
    const value = values[i] as Buffer;
    return [varint(name.length), Buffer.from(name), varint(value.length), value];
  });
  return [MAGIC, varint(METADATA.length), ...members, END_OF_MAP];
}

function readFileHeader(object: Buffer): { metadata: Buffer[]; end: number } {
  if (!object.subarray(0, MAGIC.length).equals(MAGIC))
    throw malformed('it does not begin with Obj1');
  let at = MAGIC.length;
  const next = (): number => {
    const value = readVarint(object, at);
    if (value < 0) throw malformed(`at byte ${at} stands no length`);
    at += varintSize(value);
    return value;
  };
  const take = (length: number): Buffer => {
    if (at + length > object.length) throw malformed('it is cut off');
    at += length;
    return object.subarray(at - length, at);
  };
  if (next() !== METADATA.length) throw malformed(`it has not ${METADATA.length} metadata members`);
  const metadata = METADATA.map((name) => {
    if (take(next()).toString('latin1') !== name) throw malformed(`where ${name} was due`);
    return take(next());
  });
  if (next() !== 0) throw malformed('its metadata has a second block');
  return { metadata, end: at };
}

function readBlock(object: Buffer, start: number, sync: Buffer): { count: number; block: Buffer } {
  if (start === object.length) return { count: 0, block: object.subarray(start) };
  const count = readVarint(object, start);
  const sizeAt = start + varintSize(count);
  const size = count > 0 ? readVarint(object, sizeAt) : -1;
  const dataAt = sizeAt + varintSize(size);
  if (size < 0 || !object.subarray(dataAt + size).equals(sync)) {
    throw malformed('its data block is not followed by the sync marker of its header, and the end');
  }
  if (count > MAX_BATCH_COUNT) throw malformed(`it has more than ${MAX_BATCH_COUNT} entries`);
  return { count, block: object.subarray(dataAt, dataAt + size) };
}

function parseCodec(name: string): Codec {
  if (name === 'zstandard' || name === 'null') return name;
  throw malformed(`its codec is ${excerpt(name)}, neither zstandard nor null`);
}

function syncMarker(header: Buffer): Buffer {
  return sha256(header).subarray(0, SYNC_SIZE);
}

function malformed(why: string): LedgerError {
  return new LedgerError(
    'CONTAINER_MALFORMED',
    `The object is no Authseal batch: ${why}. It was changed, cut, or is something else.`,
  );
}
