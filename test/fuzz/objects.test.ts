/**
 * The border of sealed objects: whatever the bytes, an object is refused with LedgerError, or it has
 * the header, the entries and the checkpoint that were sealed: what is changed, cut or put together
 * anew from parts is never taken for what was signed.
 */
import {
  BatchBuilder,
  checkpointSigners,
  LedgerError,
  newLog,
  parseKeys,
  readBatch,
  readSealedHeader,
  type SealKeys,
  type SourceRecord,
} from '@authseal/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeBlock, readContainer, writeContainer } from '../../ledger/src/container.ts';
import { testSigner, vkeyOf } from '../../ledger/src/testing/keys.ts';
import { MIXED, ORIGIN, record, TERMS } from '../../ledger/src/testing/records.ts';
import { held } from './memory.ts';
import { mutated, mutation } from './mutations.ts';
import { isRefused, tried } from './refusal.ts';
import { cases, TIMEOUT } from './rounds.ts';

const [first, second] = [testSigner('fuzz 1'), testSigner('fuzz 2')];
const keys = parseKeys(`${vkeyOf('prod', first)}\n${vkeyOf('prod', second)}\n`);

/** One log: entries of every kind, plain and compressed, none at all, a loss, a change of keys. */
const objects = await sealAll([
  [MIXED, 'null', { signer: first }],
  [[], 'zstandard', { signer: first }],
  [MIXED, 'zstandard', { signer: first }],
  [many(50), 'zstandard', { signer: first, next: second }],
  [many(50), 'null', { signer: second }],
]);

function many(count: number): SourceRecord[] {
  return Array.from({ length: count }, (_, i) => record(i, Buffer.from(`no event ${i}`)));
}

async function sealAll(
  batches: (readonly [readonly SourceRecord[], 'null' | 'zstandard', SealKeys])[],
): Promise<Buffer[]> {
  const sealed: Buffer[] = [];
  let head = newLog(ORIGIN);
  for (const [records, codec, by] of batches) {
    const builder = new BatchBuilder(head);
    if (head.batch === 3) builder.lose(head.offset + 5);
    const from = builder.offset;
    for (const each of records) builder.append({ ...each, offset: from + each.offset });
    const batch = await builder.seal({ ...TERMS, codec }, by);
    sealed.push(batch.object);
    head = batch.head;
  }
  return sealed;
}

/** All of an object that is signed: header, entries and checkpoint. Throws when it is not trusted. */
function signedContent(object: Buffer): string {
  const batch = readBatch(object);
  const { header, headerBytes, note, checkpoint } = batch;
  checkpointSigners(note, header.origin, keys);
  const entries = Array.from({ length: header.count }, (_, i) => batch.bytesOf(i).toString('hex'));
  for (const entry of batch.entries()) expect(entry.offset).toBeLessThan(header.offsets.to);
  return [headerBytes, checkpoint.size, checkpoint.root.toString('hex'), ...entries].join('\n');
}
const contents = objects.map(signedContent);

/** Of the header alone, whatever has become of the entries. */
function signedHeader(object: Buffer): string {
  const { header, note } = readSealedHeader(object);
  checkpointSigners(note, header.origin, keys);
  return JSON.stringify(header);
}
const headers = objects.map(signedHeader);

const seen = new Map<string, number>();
function judge(object: Buffer): void {
  const content = tried(LedgerError, () => signedContent(object));
  const code = isRefused(content) ? content.code : 'accepted';
  seen.set(code, (seen.get(code) ?? 0) + 1);
  if (!isRefused(content)) expect(contents).toContain(content);
  const header = tried(LedgerError, () => signedHeader(object));
  if (!isRefused(header)) expect(headers).toContain(header);
}

describe('a sealed object', () => {
  it('changed anywhere is refused, or says what was signed', TIMEOUT, async () => {
    const before = await held();
    fc.assert(
      fc.property(mutated(objects), ({ bytes }) => judge(bytes)),
      cases(5000),
    );
    expect((await held()) - before).toBeLessThan(48);
  });

  it('put together anew from parts, changed and exchanged, too', TIMEOUT, async () => {
    const before = await held();
    const containers = objects.map((object) => {
      const container = readContainer(object);
      return { ...container, entries: entriesOf(object) };
    });
    const index = fc.nat(objects.length - 1);
    const parts = fc.constantFrom('header', 'checkpoint', 'schema', 'block', 'entries', 'none');
    fc.assert(
      fc.property(index, index, parts, parts, mutation, (at, from, changed, taken, mutate) => {
        const container = { ...containers[at] } as (typeof containers)[number];
        const other = containers[from] as typeof container;
        if (taken !== 'none') Object.assign(container, { [taken]: other[taken] });
        if (taken === 'block') Object.assign(container, { count: other.count, codec: other.codec });
        if (changed !== 'none') Object.assign(container, { [changed]: mutate(container[changed]) });
        const isOfEntries = changed === 'entries' || taken === 'entries';
        const block = isOfEntries
          ? encodeBlock(container.entries, container.codec)
          : container.block;
        judge(writeContainer({ ...container, block }));
      }),
      cases(5000),
    );
    expect((await held()) - before).toBeLessThan(48);
    // Changes must reach what is behind the form.
    const reached = ['ENTRIES_MISMATCH', 'ENTRY_MALFORMED', 'HEADER_MALFORMED', 'SCHEMA_MISMATCH'];
    expect([...seen.keys()]).toEqual(
      expect.arrayContaining([...reached, 'CHECKPOINT_MISMATCH', 'NOTE_MALFORMED', 'accepted']),
    );
  });
});

function entriesOf(object: Buffer): Buffer {
  const batch = readBatch(object);
  return Buffer.concat(Array.from({ length: batch.header.count }, (_, i) => batch.bytesOf(i)));
}
