/** Attacks on the bytes of one stored batch, by somebody who can get around the store's lock. */
import { flipBit, recompress, rewriteEntries, rewriteHeader, swapText } from '../forge.ts';
import { type CopyOptions, sealCopy } from '../sealed-copy.ts';
import type { StoredCopy } from '../stored-copy.ts';
import { type Attack, B, isVictim } from './attack.ts';

/** Stores a copy whose victim is changed in the second region. */
const withBytes =
  (change: (bytes: Buffer) => Buffer, options: CopyOptions = {}) =>
  async (copy: StoredCopy): Promise<undefined> => {
    const objects = await sealCopy(options);
    await copy.store(objects, 0);
    const changed = objects.map((object) =>
      isVictim(object) ? { ...object, bytes: change(Buffer.from(object.bytes)) } : object,
    );
    await copy.store(changed, 1);
  };

const MERKLE = 'the entries’ Merkle root';
const CHECKPOINT = 'the signed checkpoint, of which the header is a leaf';
const breach = { severity: 'breach' } as const;

export const ON_OBJECTS: readonly Attack[] = [
  {
    attack: 'changes one byte of an event',
    shownBy: MERKLE,
    finds: [`ENTRIES_MISMATCH 2 ${B}`],
    run: withBytes((bytes) => flipBit(bytes, bytes.indexOf('user-') + 5)),
  },
  {
    attack: 'changes one byte of what is compressed',
    shownBy: 'the hash of the data block in the header',
    finds: [`ENTRIES_MISMATCH 2 ${B}`],
    run: withBytes((bytes) => flipBit(bytes, bytes.length - 40), { codec: 'zstandard' }),
  },
  {
    attack: 'compresses the same events anew',
    shownBy: 'the hash of the data block in the header',
    finds: [`ENTRIES_MISMATCH 2 ${B}`],
    run: withBytes(recompress, { codec: 'zstandard' }),
  },
  {
    attack: 'removes an event',
    shownBy: 'the count in the header',
    finds: [`ENTRIES_MISMATCH 2 ${B}`],
    run: withBytes((bytes) => rewriteEntries(bytes, (entries) => entries.slice(1))),
  },
  {
    attack: 'puts one event in the place of another',
    shownBy: 'the index in each entry',
    finds: [`ENTRY_MALFORMED 2 ${B}`],
    run: withBytes((bytes) => rewriteEntries(bytes, ([a, , ...rest]) => [a, a, ...rest])),
  },
  {
    attack: 'adds an event',
    shownBy: 'the count in the header',
    finds: [`ENTRIES_MISMATCH 2 ${B}`],
    run: withBytes((bytes) => rewriteEntries(bytes, (entries) => [...entries, entries[0]])),
  },
  {
    attack: 'moves an event before another',
    shownBy: 'the index in each entry',
    finds: [`ENTRY_MALFORMED 2 ${B}`],
    run: withBytes((bytes) => rewriteEntries(bytes, ([a, b, ...rest]) => [b, a, ...rest])),
  },
  {
    attack: 'changes the header, such as when the next batch is due',
    shownBy: CHECKPOINT,
    finds: [`CHECKPOINT_MISMATCH 2 ${B}`],
    run: withBytes((bytes) => rewriteHeader(bytes, '"heartbeat":3600', '"heartbeat":9600')),
  },
  {
    attack: 'changes what the checkpoint signs',
    shownBy: 'the root that header and entries make',
    finds: [`CHECKPOINT_MISMATCH 2 ${B}`],
    run: withBytes((bytes) =>
      swapText(bytes, 'tampered/auth-events/0\n', 'tampered/auth-events/1\n'),
    ),
  },
  {
    attack: 'changes the signature',
    shownBy: 'the public key',
    finds: [`NOTE_MALFORMED 2 ${B}`],
    run: withBytes((bytes) => {
      const signature = bytes.lastIndexOf('\u2014 tampered/auth-events/0 ');
      return flipBit(bytes, signature + 60);
    }),
  },
  {
    attack: 'swaps the schema text, so that every value reads as another',
    shownBy: 'the hash of the schema in the header',
    finds: [`SCHEMA_MISMATCH 2 ${B}`],
    run: withBytes((bytes) => swapText(bytes, '"name":"reason"', '"name":"tenant"')),
  },
  {
    attack: 'cuts off the end of an object',
    shownBy: 'the form of the container',
    finds: [`CONTAINER_MALFORMED 2 ${B}`],
    run: withBytes((bytes) => bytes.subarray(0, -10)),
  },
  {
    attack: 'appends a second data block, which many readers would read',
    shownBy: 'the form of the container: one block, and nothing after it',
    finds: [`CONTAINER_MALFORMED 2 ${B}`],
    run: withBytes((bytes) => Buffer.concat([bytes, Buffer.of(0, 0), bytes.subarray(-16)])),
  },
].map((attack) => ({ ...breach, ...attack }));
