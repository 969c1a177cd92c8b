import { classifyValue, RELEASED_ENTRY_SCHEMAS } from '@authseal/schemas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBase64 } from './base64.ts';
import { type Batch, readBatch, readBatchWith, readSealedHeader } from './batch.ts';
import type { SealedBatch } from './batch-builder.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { CompactRange } from './compact-range.ts';
import { type Container, encodeBlock, readContainer, writeContainer } from './container.ts';
import { writeEntry } from './entry.ts';
import { entryValue } from './entry-view.ts';
import { LedgerError } from './error.ts';
import { encodeHeader, type Header } from './header.ts';
import { checkpointSigners, parseKeys } from './keys.ts';
import { MAX_ENTRY } from './limits.ts';
import { chainFault, headAfter, newLog } from './log-head.ts';
import { hashLeaf, sha256 } from './merkle.ts';
import { signNote } from './note.ts';
import {
  consistencyProof,
  inclusionProof,
  rangeRootOf,
  verifyConsistency,
  verifyInclusion,
} from './proof.ts';
import { vkeyOf } from './testing/keys.ts';
import {
  eventValue,
  MIXED,
  ORIGIN,
  record,
  SIGNER,
  sealLog,
  sealRecords,
  VALUES,
} from './testing/records.ts';
import { type Packed, unpackEntries } from './unpack.ts';
import { varint } from './varint.ts';

const KEYS = parseKeys(vkeyOf('prod', SIGNER));
const CODECS = ['null', 'zstandard'] as const;

const sealed = async (codec: 'null' | 'zstandard', records = MIXED): Promise<SealedBatch> =>
  sealRecords(newLog(ORIGIN), records, { codec });

/** What a verifier asks of a single object that follows `head`: the code of what it finds wrong. */
function judge(object: Buffer, head = newLog(ORIGIN)): string | null {
  try {
    const batch = readBatch(object);
    checkpointSigners(batch.note, batch.header.origin, KEYS);
    return chainFault(head, batch.header)?.member ?? null;
  } catch (error) {
    if (error instanceof LedgerError) return error.code;
    throw error;
  }
}

/** An object as a thief would make it who holds the key: parts changed, all else made to fit. */
async function forge(
  object: Buffer,
  changes: Partial<Pick<Container, 'schema' | 'count'>> & {
    header?: Partial<Header>;
    entries?: Buffer;
    leaves?: readonly Buffer[];
  },
): Promise<Buffer> {
  const container = readContainer(object);
  const { header: was } = readBatch(object);
  const entries = changes.entries ?? container.block;
  const range = new CompactRange(was.first);
  for (const leaf of changes.leaves ?? []) range.append(hashLeaf(leaf));
  const header: Header = {
    ...was,
    ...(changes.leaves && {
      entries: range.hashes.map(encodeBase64),
      count: range.end - was.first,
    }),
    ...changes.header,
  };
  const headerBytes = encodeHeader(header);
  const head = headAfter(header, headerBytes);
  const text = formatCheckpoint({ origin: ORIGIN, size: head.range.end, root: head.range.root() });
  return writeContainer({
    ...container,
    schema: changes.schema ?? container.schema,
    count: changes.count ?? header.count,
    header: headerBytes,
    checkpoint: Buffer.from(await signNote(text, header.origin, [SIGNER])),
    block: encodeBlock(entries, container.codec),
  });
}

describe('a batch', () => {
  it.each(CODECS)('gives back each record with codec %s', async (codec) => {
    const batch = readBatch((await sealed(codec)).object);
    const entries = [...batch.entries()];
    expect(entries.map(({ index }) => index)).toEqual(MIXED.map((_, i) => i));
    expect(entries.map(entryValue)).toEqual(MIXED.map(({ value }) => value));
    for (const [i, { offset, timestamp, key, headers }] of MIXED.entries()) {
      expect(batch.entryAt(i)).toMatchObject({ offset, timestamp, key, headers });
      expect(batch.schema.skip(batch.bytesOf(i), 0)).toBe(batch.bytesOf(i).length);
    }
    expect(batch.headerHash).toEqual(sha256(batch.headerBytes));
    expect(batch.checkpoint).toMatchObject({ origin: ORIGIN, size: MIXED.length + 1 });
    expect(checkpointSigners(batch.note, ORIGIN, KEYS)).toEqual([0]);
  });

  it.each(CODECS)('can have its entries unpacked elsewhere, with codec %s', async (codec) => {
    const { object } = await sealed(codec);
    const asked: Packed[] = [];
    const batch = await readBatchWith(object, async (packed) => {
      asked.push(packed);
      return unpackEntries(packed);
    });
    expect(asked).toMatchObject([{ codec, header: batch.header }]);
    expect(batch).toEqual(readBatch(object));
    expect([...batch.entries()]).toEqual([...readBatch(object).entries()]);
    const refused = readBatchWith(object, async () => Promise.reject(new Error('no thread')));
    await expect(refused).rejects.toThrow('no thread');
  });

  it.each(CODECS)(
    'leaves the bytes it was read from as they were, with codec %s',
    async (codec) => {
      const { object } = await sealed(codec);
      const frozen = Buffer.from(object);
      const entries = [...readBatch(object).entries()];
      expect(object.equals(frozen)).toBe(true);
      expect(entries.map(entryValue)).toEqual(MIXED.map(({ value }) => value));
    },
  );

  it('proves each of its entries and its header under its checkpoint', async () => {
    const batch = readBatch((await sealed('zstandard')).object);
    const leaves = MIXED.map((_, i) => hashLeaf(batch.bytesOf(i)));
    leaves.push(hashLeaf(batch.headerBytes));
    const { size, root } = batch.checkpoint;
    for (const [i, leaf] of leaves.entries()) {
      verifyInclusion(i, size, leaf, inclusionProof(i, size, rangeRootOf(leaves)), root);
    }
  });

  it('with an entry above 65,535 bytes has its hash as the leaf', async () => {
    const values = [65_000, 65_536, 300_000].map((size) => Buffer.alloc(size, 'x'));
    const { object } = await sealed(
      'null',
      values.map((value, i) => record(i, value)),
    );
    const batch = readBatch(object);
    expect([...batch.entries()].map(entryValue)).toEqual(values);
    const range = new CompactRange();
    for (let i = 0; i < 3; i += 1) range.append(hashLeaf(batch.bytesOf(i)));
    expect(batch.header.entries).toEqual(range.hashes.map(encodeBase64));
  });
});

describe('a batch that is released', () => {
  it('gives the memory of its entries back at once', async () => {
    const value = Buffer.alloc(1024 * 1024);
    for (const codec of CODECS) {
      const batch = readBatch((await sealed(codec, [record(0, value)])).object);
      const before = process.memoryUsage().arrayBuffers;
      batch.release();
      expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThanOrEqual(value.length);
      expect(() => batch.entryAt(0)).toThrow();
    }
  });

  it('leaves small buffers alone, whose memory others share', async () => {
    const { object } = await sealed('null');
    const other = readBatch(object);
    readBatch(object).release();
    expect([...other.entries()]).toHaveLength(MIXED.length);
  });
});

describe('any single byte changed in an object', () => {
  it.each(CODECS)('is found at every position, with codec %s', async (codec) => {
    const { object } = await sealed(codec);
    expect(judge(object)).toBeNull();
    for (let at = 0; at < object.length; at += 1) {
      for (const mask of [1 << (at % 8), 1 + ((at * 37) % 255)]) {
        const was = object[at] as number;
        object[at] = was ^ mask;
        expect(judge(object), `byte ${at} ^ ${mask}`).not.toBeNull();
        object[at] = was;
      }
    }
    expect(judge(object)).toBeNull();
  });

  it('is found in a larger object wherever one looks', async () => {
    for (const codec of CODECS) {
      const records = Array.from({ length: 500 }, (_, i) => record(i, eventValue(i)));
      const { object } = await sealed(codec, records);
      fc.assert(
        fc.property(fc.nat(object.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
          const changed = Buffer.from(object);
          changed[at] = (changed[at] as number) ^ mask;
          expect(judge(changed)).not.toBeNull();
        }),
      );
    }
  });

  it('is no batch when its entries were compressed after they were sealed plain', async () => {
    const { object } = await sealed('null');
    const plain = readContainer(object);
    const block = encodeBlock(plain.block, 'zstandard');
    expect(judge(writeContainer({ ...plain, codec: 'zstandard', block }))).toBe('ENTRIES_MISMATCH');
  });

  it('is found by the hash of the block where zstd would decompress to the same', async () => {
    const { object } = await sealed('zstandard');
    const { block } = readContainer(object);
    const at = object.indexOf(block);
    object[at + block.length - 1] = (object[at + block.length - 1] as number) ^ 1;
    expect(judge(object)).toBe('ENTRIES_MISMATCH');
  });
});

describe('an object is refused', () => {
  const entriesOf = (batch: Batch): Buffer[] => MIXED.map((_, i) => batch.bytesOf(i));
  const forged = async (changes: Parameters<typeof forge>[1]): Promise<string | null> =>
    judge(await forge((await sealed('null')).object, changes));
  const forgedEntries = async (
    change: (entries: Buffer[]) => Buffer[],
    rest: Parameters<typeof forge>[1] = {},
  ): Promise<string | null> => {
    const { object } = await sealed('null');
    const leaves = change(entriesOf(readBatch(object)));
    return judge(await forge(object, { leaves, entries: Buffer.concat(leaves), ...rest }));
  };

  it('not when nothing was forged', async () => {
    expect(await forged({})).toBeNull();
    expect(await forgedEntries((entries) => entries)).toBeNull();
  });

  it('when an entry was changed, removed, added or moved and the header was not', async () => {
    const { object } = await sealed('null');
    const container = readContainer(object);
    const entries = entriesOf(readBatch(object));
    const [first, second] = entries as [Buffer, Buffer];
    const write = (blocks: Buffer[]): string | null =>
      judge(writeContainer({ ...container, count: blocks.length, block: Buffer.concat(blocks) }));
    const other = Buffer.from(first);
    other[2] = (other[2] as number) ^ 2;
    expect(write(entries.with(0, other))).toBe('ENTRIES_MISMATCH');
    expect(write(entries.slice(1))).toBe('ENTRIES_MISMATCH');
    expect(write([...entries, first])).toBe('ENTRIES_MISMATCH');
    expect(write(entries.with(0, second).with(1, first))).toBe('ENTRY_MALFORMED');
    expect(judge(writeContainer({ ...container, count: 0 }))).toBe('ENTRIES_MISMATCH');
  });

  it('when an index or offset is not due, though the header hashes it', async () => {
    expect(await forgedEntries((entries) => entries.toReversed())).toBe('ENTRY_MALFORMED');
    const wider = { header: { offsets: { from: 0, to: 9 } } };
    const repeated = (entries: Buffer[]): Buffer[] => [...entries, entries[0] as Buffer];
    expect(await forgedEntries(repeated, wider)).toBe('ENTRY_MALFORMED');
    const endsAt6 = { header: { offsets: { from: 0, to: 6 } } };
    const problems = { NULL_VALUE: 1, MALFORMED: 1, UNKNOWN_SCHEMA: 2 };
    const first6 = { header: { ...endsAt6.header, problems } };
    expect(await forgedEntries((entries) => entries.slice(0, 6), first6)).toBeNull();
    expect(await forgedEntries((entries) => entries.slice(1), endsAt6)).toBe('ENTRY_MALFORMED');
    const late = (await sealed('null', MIXED.slice(6))).object;
    const early = { offsets: { from: 0, to: 6 } };
    expect(judge(await forge(late, { header: early }))).toBe('ENTRY_MALFORMED');
  });

  it('when only an index, or only an offset, is not due', async () => {
    const [INDEX, OFFSET] = [0, 1];
    const changed = (i: number, at: number, value: number) => (entries: Buffer[]) => {
      const entry = Buffer.from(entries[i] as Buffer);
      varint(value).copy(entry, at);
      return entries.with(i, entry);
    };
    for (const [at, i, value] of [
      [INDEX, 0, 1],
      [INDEX, 1, 0],
      [INDEX, 6, 7],
      [OFFSET, 1, 0],
      [OFFSET, 2, 0],
      [OFFSET, 5, 6],
      [OFFSET, 6, 7],
    ] as const) {
      expect(await forgedEntries(changed(i, at, value))).toBe('ENTRY_MALFORMED');
    }
    const [first, second] = await sealLog([MIXED.slice(0, 3), MIXED.slice(3)], { codec: 'null' });
    const { object } = second as SealedBatch;
    const batch = readBatch(object);
    const leaves = changed(0, OFFSET, 2)([0, 1, 2, 3].map((i) => batch.bytesOf(i)));
    const early = await forge(object, { leaves, entries: Buffer.concat(leaves) });
    expect(judge(object, first?.head)).toBeNull();
    expect(judge(early, first?.head)).toBe('ENTRY_MALFORMED');
  });

  it('when an entry is larger than one may be', async () => {
    const value = Buffer.alloc(MAX_ENTRY);
    const source = record(0, value);
    const room = Buffer.alloc(value.length + 1000);
    const end = writeEntry(room, 0, 0, source, classifyValue(value));
    const leaves = [room.subarray(0, end)];
    const { object } = await sealed('null', []);
    const header = { offsets: { from: 0, to: 1 }, problems: { UNKNOWN_SCHEMA: 1 } };
    const large = await forge(object, { leaves, entries: Buffer.concat(leaves), header });
    expect(judge(large)).toBe('ENTRY_MALFORMED');
  });

  it('but not when it stands right beside where records were lost', async () => {
    const { object } = await sealed('null', MIXED.toSpliced(5, 1));
    const lost = [{ from: 5, to: 6 }];
    expect(judge(await forge(object, { header: { lost } }))).toBeNull();
  });

  it('when an entry stands where a record was lost', async () => {
    expect(
      await forged({ header: { offsets: { from: 0, to: 9 }, lost: [{ from: 7, to: 9 }] } }),
    ).toBeNull();
    expect(
      await forged({ header: { offsets: { from: 0, to: 9 }, lost: [{ from: 6, to: 7 }] } }),
    ).toBe('ENTRY_MALFORMED');
  });

  it('when an entry is no canonical Avro, or something stands after the last', async () => {
    expect(await forgedEntries((entries) => [...entries.slice(0, -1), Buffer.of(12, 12)])).toBe(
      'ENTRY_MALFORMED',
    );
    const { object } = await sealed('null');
    const entries = Buffer.concat([readContainer(object).block, Buffer.of(0)]);
    expect(judge(await forge(object, { entries }))).toBe('ENTRY_MALFORMED');
  });

  it('with the number of the entry that is to blame', async () => {
    const { object } = await sealed('null');
    const { block } = readContainer(object);
    const readForged = async (entries: Buffer) => readBatch(await forge(object, { entries }));
    await expect(readForged(Buffer.concat([block, Buffer.of(0)]))).rejects.toThrow(
      'Entry 7 of prod/auth-events/0 batch 0 is refused: 1 bytes stand after the last one.',
    );
    await expect(readForged(block.subarray(0, -1))).rejects.toThrow(
      'Entry 6 of prod/auth-events/0 batch 0 is refused: it is no canonical Avro.',
    );
  });

  it('when its parts contradict each other', async () => {
    const nothing = Buffer.concat([Buffer.alloc(5), varint(0), varint(0), varint(0)]);
    expect(await forgedEntries((entries) => entries.with(0, nothing))).toBe('ENTRY_MALFORMED');
  });

  it('when the problems are miscounted', async () => {
    const right = { NULL_VALUE: 1, MALFORMED: 1, UNKNOWN_SCHEMA: 3 };
    expect(await forged({ header: { problems: right } })).toBeNull();
    for (const problems of [
      {},
      { ...right, MALFORMED: 2 },
      { NULL_VALUE: 1, MALFORMED: 1 },
      { ...right, OTHER: 1 },
      { ...right, constructor: 1 },
      JSON.parse('{"NULL_VALUE":1,"MALFORMED":1,"UNKNOWN_SCHEMA":3,"__proto__":1}'),
      JSON.parse('{"NULL_VALUE":1,"MALFORMED":1,"__proto__":3}'),
    ]) {
      expect(await forged({ header: { problems } }), JSON.stringify(problems)).toBe(
        'ENTRIES_MISMATCH',
      );
    }
  });

  it('when its schema text is not the released one that the header hashed', async () => {
    const [text] = [...RELEASED_ENTRY_SCHEMAS.values()].map((schema) => schema.text);
    const swapped = Buffer.from((text as string).replace('LOGIN_FAILED', 'LOGIN_FAILEQ'));
    expect(await forged({ schema: swapped })).toBe('SCHEMA_MISMATCH');
    const hashed = encodeBase64(sha256(swapped));
    expect(await forged({ schema: swapped, header: { schema: hashed } })).toBe('SCHEMA_MISMATCH');
    expect(await forged({ header: { schema: hashed } })).toBe('SCHEMA_MISMATCH');
  });

  it('when its block is not the one that the header hashed', async () => {
    expect(await forged({ header: { block: encodeBase64(sha256('other')) } })).toBe(
      'ENTRIES_MISMATCH',
    );
    const { object } = await sealed('null');
    const block = encodeBase64(sha256(readContainer(object).block));
    expect(judge(await forge(object, { header: { block } }))).toBeNull();
  });

  it('when its compact ranges are not those of its leaves', async () => {
    const { object } = await sealed('null');
    const { header } = readBatch(object);
    const container = readContainer(object);
    const changed = (change: Partial<Header>): string | null =>
      judge(writeContainer({ ...container, header: encodeHeader({ ...header, ...change }) }));
    expect(changed({ entries: header.entries.slice(1) })).toBe('ENTRIES_MISMATCH');
    expect(changed({ before: [encodeBase64(sha256('x'))] })).toBe('HEADER_MALFORMED');
  });

  it('when its checkpoint speaks of another log, size or root', async () => {
    const { object, head } = await sealed('null');
    const container = readContainer(object);
    const right = { origin: ORIGIN, size: head.range.end, root: head.range.root() };
    const checkpoints: [Partial<typeof right>, string | null][] = [
      [{}, null],
      [{ origin: 'prod/auth-events/1' }, 'CHECKPOINT_MISMATCH'],
      [{ size: right.size + 1 }, 'CHECKPOINT_MISMATCH'],
      [{ root: sha256('other') }, 'CHECKPOINT_MISMATCH'],
    ];
    for (const [change, code] of checkpoints) {
      const note = await signNote(formatCheckpoint({ ...right, ...change }), ORIGIN, [SIGNER]);
      expect(judge(writeContainer({ ...container, checkpoint: Buffer.from(note) }))).toBe(code);
    }
    const extended = await signNote(`${formatCheckpoint(right)}extension\n`, ORIGIN, [SIGNER]);
    expect(judge(writeContainer({ ...container, checkpoint: Buffer.from(extended) }))).toBe(
      'CHECKPOINT_MISMATCH',
    );
    expect(judge(writeContainer({ ...container, checkpoint: Buffer.from('x') }))).toBe(
      'NOTE_MALFORMED',
    );
  });

  it('with a short and printable message, whatever its checkpoint says', async () => {
    const { object, head } = await sealed('null');
    const origin = `\u202e${'x'.repeat(10_000)}`;
    const text = formatCheckpoint({ origin, size: head.range.end, root: head.range.root() });
    const note = await signNote(text, ORIGIN, [SIGNER]);
    const read = (checkpoint: string) => () =>
      readBatch(writeContainer({ ...readContainer(object), checkpoint: Buffer.from(checkpoint) }));
    expect(read(note)).toThrow(/^The checkpoint speaks of "\\u\{202e\}x{59}…", size/);
    expect(read(`${text}\n${origin}\n`)).toThrow(/: "\\u\{202e\}x{59}…" is no signature line/);
  });

  it('by nothing but a LedgerError, whatever its bytes', async () => {
    const objects = await Promise.all(CODECS.map((codec) => sealed(codec)));
    const arbitraryBytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array));
    const edited = fc
      .tuple(fc.constantFrom(...objects), fc.nat(), fc.nat(40), arbitraryBytes)
      .map(([{ object }, at, cut, insert]) => {
        const start = at % object.length;
        return Buffer.concat([object.subarray(0, start), insert, object.subarray(start + cut)]);
      });
    fc.assert(
      fc.property(fc.oneof(arbitraryBytes, edited), (bytes) => {
        judge(bytes);
      }),
      { numRuns: 400 },
    );
  });

  it('by nothing but a LedgerError, whatever its entries, though the header hashes them', async () => {
    const { object } = await sealed('null');
    const bytes = fc.uint8Array({ maxLength: 120 }).map((array) => Buffer.from(array));
    const spoiled = fc.tuple(fc.nat(), fc.nat(255)).map(([at, to]) => {
      const entries = Buffer.from(readContainer(object).block);
      entries[at % entries.length] = to;
      return entries;
    });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(bytes, spoiled),
        fc.integer({ min: 1, max: 9 }),
        async (entries, count) => {
          const leaves = Array.from({ length: count }, () => entries);
          judge(
            await forge(object, { entries, leaves, header: { offsets: { from: 0, to: 1000 } } }),
          );
        },
      ),
    );
  });

  it('before it costs memory, when it announces counts or sizes that it does not hold', async () => {
    const { object } = await sealed('null');
    const { header } = readBatch(object);
    const container = readContainer(object);
    for (const count of [20_000, 20_001, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER - 10]) {
      const claims: Header = { ...header, count, offsets: { from: 0, to: count } };
      const claimed = writeContainer({ ...container, count, header: encodeHeader(claims) });
      expect(['CONTAINER_MALFORMED', 'ENTRY_MALFORMED']).toContain(judge(claimed));
    }
  });
});

describe('the header of an object', () => {
  it('is read as long as it and its checkpoint stand, whatever became of the entries', async () => {
    const { object, header } = await sealed('null');
    const damaged = Buffer.from(object);
    damaged.writeUInt8(damaged.readUInt8(object.length - 20) ^ 1, object.length - 20);
    expect(() => readBatch(damaged)).toThrow(LedgerError);
    expect(readSealedHeader(damaged).header).toEqual(header);
  });

  it('is refused when it was changed itself', async () => {
    const { object } = await sealed('null');
    const at = object.indexOf('"partitions":1');
    const changed = Buffer.from(object);
    changed.write('"partitions":2', at);
    expect(at).toBeGreaterThan(0);
    expect(() => readSealedHeader(changed)).toThrow(LedgerError);
  });

  it('is refused when it is another than its checkpoint covers', async () => {
    const { object, header } = await sealed('null');
    const other = encodeHeader({ ...header, partitions: 2 });
    const changed = writeContainer({ ...readContainer(object), header: other });
    expect(() => readSealedHeader(changed)).toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_MISMATCH' }),
    );
  });
});

describe('a log', () => {
  const values = fc.array(
    fc.oneof(fc.constantFrom(...Object.values(VALUES)), fc.nat().map(eventValue)),
    { maxLength: 40 },
  );

  it('split into batches in any way holds the same leaves, and each checkpoint is consistent with all later ones', async () => {
    await fc.assert(
      fc.asyncProperty(
        values,
        fc.array(fc.nat(12), { maxLength: 8 }),
        fc.constantFrom(...CODECS),
        async (all, sizes, codec) => {
          const records = all.map((value, offset) => record(offset, value));
          const split = [...sizes, records.length].map((size) => records.splice(0, size));
          const log = await sealLog(split, { codec });
          const leaves: Buffer[] = [];
          const checkpoints: { size: number; root: Buffer }[] = [];
          let head = newLog(ORIGIN);
          for (const { object, head: after } of log) {
            const batch = readBatch(object);
            expect(chainFault(head, batch.header)).toBeNull();
            for (let i = 0; i < batch.header.count; i += 1) leaves.push(hashLeaf(batch.bytesOf(i)));
            leaves.push(hashLeaf(batch.headerBytes));
            checkpoints.push(batch.checkpoint);
            ({ head } = batch);
            expect(head).toEqual(after);
          }
          const rootOf = rangeRootOf(leaves);
          for (const [n, { size, root }] of checkpoints.entries()) {
            expect(root).toEqual(rootOf(0, size));
            for (let i = 0; i < size; i += 1) {
              verifyInclusion(i, size, leaves[i] as Buffer, inclusionProof(i, size, rootOf), root);
            }
            for (const later of checkpoints.slice(n)) {
              const proof = consistencyProof(size, later.size, rootOf);
              verifyConsistency(size, later.size, root, later.root, proof);
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('seals a value to the same bytes wherever it is split, but for its index', async () => {
    const records = MIXED.map((source) => ({ ...source }));
    const [whole] = await sealLog([records]);
    const parts = await sealLog(records.map((source) => [source]));
    const batch = readBatch((whole as SealedBatch).object);
    for (const [i, { object }] of parts.entries()) {
      const single = readBatch(object).bytesOf(0);
      expect(single.subarray(varint(2 * i).length)).toEqual(
        batch.bytesOf(i).subarray(varint(i).length),
      );
    }
  });
});
