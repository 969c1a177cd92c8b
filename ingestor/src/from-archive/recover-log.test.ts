import { generateKeyPairSync } from 'node:crypto';
import {
  BatchBuilder,
  formatVkey,
  type LogHead,
  type NoteSigner,
  newLog,
  noteVerifier,
  parseKeys,
  recordHash,
  type SealedBatch,
  type SealKeys,
  signerFromPem,
} from '@authseal/ledger';
import { beforeEach, describe, expect, it } from 'vitest';
import { recover } from '../recover.ts';
import { decodeState, encodeState, type Position } from '../state.ts';
import { recoverAsOwner, takeOver } from '../take-over.ts';
import { MemoryJournal } from '../testing/memory-journal.ts';
import { MemoryRegion } from '../testing/memory-region.ts';
import { type RecoverOptions, recoverLog } from './recover-log.ts';
import { RegionLog } from './region-log.ts';

const newSigner = (): NoteSigner =>
  signerFromPem(
    generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  );
const vkeyOf = ({ publicKey }: NoteSigner) => formatVkey(noteVerifier('acme', publicKey));
const retired = newSigner();
const signer = newSigner();
const keys = parseKeys([retired, signer].map(vkeyOf).join('\n'));
const ORIGIN = 'acme/auth-events/0';
const DAY = 86_400_000;
const NOW = Date.parse('2026-11-24T12:00:00Z');

type Sealing = { head?: LogHead; now?: number; keys?: SealKeys; records?: number; text?: string };

/** The next batch of a log: one record, unless it is told otherwise. */
function seal({ head = newLog(ORIGIN), now = NOW, text = 'event', ...own }: Sealing = {}) {
  const builder = new BatchBuilder(head);
  for (let i = 0; i < (own.records ?? 1); i += 1) {
    const value = Buffer.from(`${text} ${head.offset + i}`);
    builder.append({ offset: head.offset + i, timestamp: now, key: null, headers: [], value });
  }
  const terms = { now, retention: 30 * DAY, heartbeat: 300, partitions: 1, codec: 'null' as const };
  return builder.seal(terms, own.keys ?? { signer });
}

async function sealLog(number: number, own: Sealing = {}): Promise<SealedBatch[]> {
  const batches: SealedBatch[] = [];
  for (let i = 0; i < number; i += 1) {
    const head = batches.at(-1)?.head ?? own.head;
    batches.push(await seal({ ...own, ...(head && { head }) }));
  }
  return batches;
}

const log = await sealLog(5);
const at = (i: number) => log[i] as SealedBatch;
let journal: MemoryJournal;
let a: MemoryRegion;
let b: MemoryRegion;

beforeEach(() => {
  journal = new MemoryJournal();
  [a, b] = [new MemoryRegion('a'), new MemoryRegion('b')];
});

function hold(region: MemoryRegion, ...batches: SealedBatch[]): void {
  for (const { header, object } of batches) region.put(header, object);
}

/** Writes batches as an ingestor does. */
async function commit(...batches: SealedBatch[]): Promise<void> {
  const writer = await journal.open();
  for (const { object, head } of batches) {
    await writer.begin();
    const [result] = await writer.send(object);
    const last = { offset: head.offset - 1, hash: recordHash(NOW, Buffer.from('any')) };
    const key = signer.publicKey.toString('base64');
    await writer.sendState(encodeState({ head, last, batchOffset: result?.offset as number, key }));
    await writer.commit();
  }
}

/** As retention leaves it when nobody sealed for a month. */
function emptied(): void {
  journal.empty();
  journal.state = null;
}

const recoverIt = (own: Partial<RecoverOptions> = {}) =>
  recoverLog({
    origin: ORIGIN,
    keys,
    journal,
    regions: [a, b].map((region) => new RegionLog(region, ORIGIN, keys, 2)),
    now: NOW,
    acceptForkRisk: false,
    dryRun: false,
    ...own,
  });

const refuses = (code: string, own: Partial<RecoverOptions> = {}) =>
  expect(recoverIt(own)).rejects.toMatchObject({ code });

const expectContinued = async (batch: SealedBatch) => {
  expect(journal.committed.at(-1)?.value?.equals(batch.object)).toBe(true);
  const position = await recover(journal, await journal.readState(), ORIGIN, keys);
  expect(position.head).toEqual(batch.head);
  expect(decodeState(ORIGIN, journal.state as never)).toEqual(position);
  return position;
};

describe('a log whose batches topic was emptied', () => {
  beforeEach(async () => {
    await commit(...log);
    emptied();
  });

  it('goes on behind the last batch of all regions, which stands in the topic again', async () => {
    hold(a, ...log.slice(0, 4));
    hold(b, ...log);
    const [line] = await recoverIt();
    expect(line).toContain('batch 4');
    const { last } = await expectContinued(at(4));
    expect(last).toEqual({ offset: 4, hash: recordHash(NOW, Buffer.from('event 4')) });
  });

  it('is left as it is by a dry run, which tells the same', async () => {
    hold(a, ...log);
    const [would] = await recoverIt({ dryRun: true });
    expect(would).toMatch(/batch 4.* would be written .* offset 5/s);
    expect(journal.committed).toEqual([]);
    expect(journal.state).toBeNull();
  });

  it('knows its last record again though it stands in an earlier batch', async () => {
    const silent = await sealLog(6, { head: at(4).head, records: 0 });
    hold(a, ...log, ...silent);
    await recoverIt();
    const { last } = await expectContinued(silent.at(-1) as SealedBatch);
    expect(last?.offset).toBe(4);
  });

  it('has no last record when it never had any', async () => {
    const silent = await sealLog(3, { records: 0 });
    hold(a, ...silent);
    await recoverIt();
    expect((await expectContinued(silent[2] as SealedBatch)).last).toBeNull();
  });

  it('ignores what is no batch at higher numbers, or lies over a batch, and says so', async () => {
    hold(a, ...log);
    const higher = { ...at(4).header, batch: 900 };
    for (let batch = 900; batch < 907; batch += 1) a.put({ ...higher, batch }, Buffer.from('x'));
    a.put(higher, at(2).object);
    a.put(at(4).header, Buffer.from('junk'));
    a.hide(at(4).header);
    const [note] = await recoverIt();
    expect(note).toContain('8 objects that are no batches');
    await expectContinued(at(4));
  });

  it('is refused while a region cannot be read, unless that risk is taken', async () => {
    hold(a, ...log);
    b.isAway = true;
    await refuses('REGION_UNREACHABLE');
    await refuses('REGION_UNREACHABLE', { dryRun: true });
    expect(journal.committed).toEqual([]);
    const [note] = await recoverIt({ acceptForkRisk: true });
    expect(note).toContain('Region b cannot be read');
    await expectContinued(at(4));
  });

  it('is refused when no region has a batch of it', async () => {
    a.put(at(0).header, Buffer.from('junk'));
    await refuses('NOTHING_ARCHIVED', { acceptForkRisk: true });
  });

  it('is refused when two regions hold two batches of one number, the last or one before', async () => {
    const other = await sealLog(5, { text: 'other' });
    hold(a, ...log);
    hold(b, ...other);
    await refuses('ARCHIVE_FORKED', { acceptForkRisk: true });
    b = new MemoryRegion('b');
    hold(b, ...other.slice(0, 3));
    await refuses('ARCHIVE_FORKED', { acceptForkRisk: true });
  });

  it('is refused when the last batch does not continue the one before', async () => {
    const other = await sealLog(5, { text: 'other' });
    hold(a, ...log.slice(0, 4), other[4] as SealedBatch);
    await refuses('ARCHIVE_FORKED', { acceptForkRisk: true });
  });

  it('is refused when a retired key signed the last batch', async () => {
    hold(a, ...log, await seal({ head: at(4).head, keys: { signer: retired } }));
    await refuses('ARCHIVE_FORKED', { acceptForkRisk: true });
  });

  it('is refused behind a hole that has not expired, unless that risk is taken', async () => {
    hold(a, ...log.slice(0, 3), at(4));
    await refuses('FORK_RISK');
    await recoverIt({ acceptForkRisk: true });
    await expectContinued(at(4));
  });

  it('goes on behind a hole that has expired', async () => {
    const late = await seal({ head: at(3).head, now: NOW + 40 * DAY });
    hold(a, late);
    await recoverIt({ now: NOW + 40 * DAY });
    await expectContinued(late);
  });

  it('does not believe a hole to have expired before what lies below it', async () => {
    const [, , , third] = await sealLog(4, { now: NOW - 60 * DAY });
    hold(b, ...log.slice(0, 3));
    hold(a, await seal({ head: (third as SealedBatch).head }));
    await refuses('FORK_RISK');
  });
});

describe('a log whose state tells of a later batch than is to be found', () => {
  it('is left to the ingestor when the brokers have not committed that batch, whatever risk is taken', async () => {
    await commit(...log.slice(0, 4));
    journal.missMarkers('batches');
    await commit(at(4));
    hold(a, ...log.slice(0, 4));
    for (const acceptForkRisk of [false, true]) {
      await expect(recoverIt({ acceptForkRisk })).rejects.toThrow(/batch 4.*Start an ingestor/s);
    }
    const writer = await takeOver(journal, ORIGIN);
    await recoverAsOwner(journal, writer, ORIGIN, keys, () => true);
    await expectContinued(at(4));
  });

  it('is refused, unless that risk is taken', async () => {
    await commit(...log);
    journal.empty();
    hold(a, ...log.slice(0, 4));
    await refuses('FORK_RISK');
    const [note] = await recoverIt({ acceptForkRisk: true });
    expect(note).toContain('The state knows batch 4');
    await expectContinued(at(3));
  });

  it('keeps the last record that the state tells when it is of the last batch', async () => {
    await commit(...log);
    const { last } = decodeState(ORIGIN, journal.state as never) as Position;
    journal.empty();
    hold(a, ...log);
    await recoverIt();
    expect((await expectContinued(at(4))).last).toEqual(last);
  });
});

describe('a log of which Kafka holds batches', () => {
  it('is left alone when state and topic agree and no region is ahead', async () => {
    await commit(...log);
    hold(a, ...log.slice(0, 2));
    const before = [...journal.committed];
    expect((await recoverIt()).join()).toContain('Nothing to do');
    expect(journal.committed).toEqual(before);
  });

  it('is left alone when it has just begun and nothing is archived', async () => {
    await commit(at(0));
    expect((await recoverIt()).join()).toContain('Nothing to do');
  });

  it('goes on behind what the regions hold when Kafka was restored from an old copy', async () => {
    await commit(...log.slice(0, 2));
    hold(a, ...log);
    await recoverIt();
    await expectContinued(at(4));
  });

  it('is refused when it went on another way than the regions show', async () => {
    await commit(...(await sealLog(3, { text: 'other' })));
    hold(a, ...log);
    await refuses('ARCHIVE_FORKED', { acceptForkRisk: true });
  });

  it('has its state set to the end of the topic when that is the last of all', async () => {
    await commit(...log.slice(0, 3));
    const { state } = journal;
    await commit(...log.slice(3));
    journal.state = state;
    hold(a, ...log.slice(0, 4));
    const before = [...journal.committed];
    expect((await recoverIt()).join()).toContain('The state is set to');
    expect(journal.committed).toEqual(before);
    expect((await recover(journal, journal.state, ORIGIN, keys)).head).toEqual(at(4).head);
  });

  it('is looked at again when the state was seen before the batch that it follows', async () => {
    await commit(...log);
    const searchBatches = journal.searchBatches.bind(journal);
    const offsets = journal.offsets.bind(journal);
    const newest = journal.committed.pop() as (typeof journal.committed)[number];
    journal.offsets = async () => ({ ...(await offsets()), end: newest.offset });
    journal.searchBatches = async (found) => {
      const answer = await searchBatches(found);
      if (journal.committed.at(-1) !== newest) journal.committed.push(newest);
      journal.offsets = offsets;
      return answer;
    };
    hold(a, ...log.slice(0, 4));
    expect((await recoverIt()).join()).toContain('Nothing to do');
  });

  it('gets nothing when an ingestor went on after it was looked at', async () => {
    await commit(...log.slice(0, 2));
    hold(a, ...log);
    const open = journal.open.bind(journal);
    journal.open = async () => {
      journal.open = open;
      await commit(at(2));
      return open();
    };
    await expect(recoverIt()).rejects.toThrow('went on meanwhile');
    expect(journal.committed).toHaveLength(3);
  });
});
