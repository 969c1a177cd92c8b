import { objectKey, type SealedBatch } from '@authseal/ledger';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryStore } from '../testing/memory-store.ts';
import { DAY, keys, keysOf, NOW, newSigner, ORIGIN, seal, signer } from '../testing/sealed-log.ts';
import { type BackfillOptions, backfillLog } from './backfill-log.ts';
import { partitionsIn } from './source-log.ts';

const log = await seal(5);
const at = (i: number) => log[i] as SealedBatch;
let a: MemoryStore;
let b: MemoryStore;
let now: number;

beforeEach(() => {
  [a, b] = [new MemoryStore(), new MemoryStore()];
  now = NOW;
});

function hold(store: MemoryStore, prefix: string, ...batches: SealedBatch[]): void {
  for (const { object, header } of batches) {
    store.plant(objectKey(prefix, header), object, 'COMPLIANCE', header.retainUntil);
  }
}

const source = () =>
  Object.assign(a, {
    region: { name: 'a', bucket: 'a', prefix: 'a/' },
  }) as BackfillOptions['source'];

const fill = (own: Partial<BackfillOptions> = {}) =>
  backfillLog({
    origin: ORIGIN,
    keys,
    source: source(),
    target: {
      store: b,
      clock: { now: () => now, wait: async () => {} },
      watch: { put() {}, retry() {}, alert() {} },
    },
    prefix: 'b/',
    maxRetention: 366 * DAY,
    dryRun: false,
    signal: new AbortController().signal,
    ...own,
  });

const inB = ({ header }: SealedBatch) => b.of(objectKey('b/', header));
const writes = () => b.operations.filter((name) => name === 'putLocked' || name === 'putRetention');

describe('backfill', () => {
  it('copies what the region lacks, byte for byte, under the lock that was promised', async () => {
    hold(a, 'a/', ...log);
    hold(b, 'b/', at(0), at(4));
    expect(await fill()).toMatchObject({ copied: [1, 2, 3], there: 2, stopped: null });
    for (const batch of log) {
      expect(inB(batch)).toHaveLength(1);
      expect(inB(batch)[0]?.body.equals(batch.object)).toBe(true);
      expect(inB(batch)[0]?.mode).toBe('COMPLIANCE');
      expect(inB(batch)[0]?.retainUntil?.getTime()).toBe(batch.header.retainUntil);
    }
    expect(await fill()).toMatchObject({ copied: [], there: 5 });
  });

  it('tells the same in a dry run, and writes nothing', async () => {
    hold(a, 'a/', ...log);
    expect(await fill({ dryRun: true })).toMatchObject({ copied: [0, 1, 2, 3, 4], there: 0 });
    b.plant(objectKey('b/', at(0).header), at(0).object, 'COMPLIANCE', NOW + DAY);
    expect(await fill({ dryRun: true })).toMatchObject({ copied: [0, 1, 2, 3, 4] });
    expect(writes()).toEqual([]);
  });

  it('does not take for a copy what has no lock, a short one, or is no batch', async () => {
    hold(a, 'a/', ...log);
    const key = (i: number) => objectKey('b/', at(i).header);
    b.plant(key(0), at(0).object);
    b.plant(key(1), at(1).object, 'COMPLIANCE', NOW + DAY);
    b.plant(key(2), Buffer.from('junk'), 'COMPLIANCE', NOW + 60 * DAY);
    b.plantDeleteMarker(key(3));
    expect(await fill()).toMatchObject({ copied: [0, 1, 2, 3, 4] });
    expect(await fill()).toMatchObject({ copied: [], there: 5 });
    expect(inB(at(1))).toHaveLength(1); // its lock was raised
    expect(inB(at(2))).toHaveLength(2);
  });

  it('leaves out what has expired, and counts it', async () => {
    const late = await seal(2, { head: at(4).head, now: NOW + 40 * DAY });
    hold(a, 'a/', ...log.slice(3), ...late);
    now = NOW + 40 * DAY;
    expect(await fill()).toMatchObject({ copied: [5, 6], expired: 2, missing: 0 });
    expect(inB(at(3))).toEqual([]);
  });

  it('goes on behind batches that the source lacks, too, and counts them', async () => {
    hold(a, 'a/', at(0), at(3), at(4));
    expect(await fill()).toMatchObject({ copied: [0, 3, 4], missing: 2, stopped: null });
  });

  it('passes over what is no batch, or lies under a key that is not its own', async () => {
    hold(a, 'a/', ...log);
    a.plant(objectKey('a/', at(2).header), Buffer.from('junk'));
    a.plantDeleteMarker(objectKey('a/', at(2).header));
    a.plant(objectKey('a/', { ...at(4).header, batch: 77 }), at(4).object);
    expect(await fill()).toMatchObject({ copied: [0, 1, 2, 3, 4], others: 2, stopped: null });
  });

  it('takes the batch that continues the log, not one that a retired key has signed beside it', async () => {
    const retired = newSigner();
    const both = keysOf(retired, signer);
    const [forged] = await seal(1, { head: at(1).head, keys: { signer: retired } });
    hold(a, 'a/', ...log);
    hold(a, 'a/', forged as SealedBatch);
    expect(await fill({ keys: both })).toMatchObject({ copied: [0, 1, 2, 3, 4], others: 1 });
  });

  it('stops before a batch of which the source holds two', async () => {
    const other = await seal(1, { head: at(1).head, text: 'other' });
    hold(a, 'a/', ...log, ...other);
    const tally = await fill();
    expect(tally).toMatchObject({ copied: [0, 1], stopped: { code: 'FORK' } });
  });

  it('stops before a batch of which the target holds another', async () => {
    hold(a, 'a/', ...log);
    hold(b, 'b/', ...(await seal(1, { head: at(1).head, text: 'other' })));
    const tally = await fill();
    expect(tally).toMatchObject({ copied: [0, 1], stopped: { code: 'FORK' } });
    expect(inB(at(2))).toHaveLength(1);
  });

  it('stops before a batch that does not continue the one before', async () => {
    const [, , other] = await seal(3, { text: 'other' });
    hold(a, 'a/', ...log.slice(0, 2), other as SealedBatch);
    expect(await fill()).toMatchObject({ copied: [0, 1], stopped: { code: 'FORK' } });
  });

  it('stops before a lock longer than is allowed', async () => {
    hold(a, 'a/', ...log);
    const tally = await fill({ maxRetention: DAY });
    expect(tally).toMatchObject({ copied: [], stopped: { code: 'RETENTION_TOO_LONG' } });
    expect(writes()).toEqual([]);
  });

  it('finds the logs that there are', async () => {
    hold(a, 'a/', ...log);
    const elsewhere = { ...at(0).header, origin: 'test/auth-events/12' };
    a.plant(objectKey('a/', elsewhere), Buffer.from('x'));
    expect(await partitionsIn(source(), 'auth-events')).toEqual([0, 12]);
  });
});
