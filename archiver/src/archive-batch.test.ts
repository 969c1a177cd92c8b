import { objectKey } from '@authseal/ledger';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { archiveBatch } from './archive-batch.ts';
import type { ArchiverError } from './error.ts';
import { type OurBatch, readOurBatch } from './our-batch.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { DAY, keys, NOW, ORIGIN, seal } from './testing/sealed-log.ts';

let batch: OurBatch;
let key: string;
let store: MemoryStore;
let now: number;
let waits: number[];
let alerts: ArchiverError[];
let stop: AbortController;

beforeAll(async () => {
  const [first] = await seal(1);
  batch = readOurBatch(first?.object as Buffer, ORIGIN, keys);
  key = objectKey('', batch.header);
});

beforeEach(() => {
  store = new MemoryStore();
  now = NOW;
  waits = [];
  alerts = [];
  stop = new AbortController();
});

function archive({ lookFirst = false } = {}) {
  const clock = {
    now: () => now,
    async wait(ms: number, signal: AbortSignal) {
      waits.push(ms);
      signal.throwIfAborted();
    },
  };
  const watch = {
    put() {},
    retry() {},
    alert: (error: ArchiverError) => void alerts.push(error),
  };
  return archiveBatch(batch, key, { store, clock, watch }, { lookFirst, signal: stop.signal });
}

const codes = () => alerts.map(({ code }) => code);
const locks = () => store.of(key).map(({ mode, retainUntil }) => [mode, retainUntil?.getTime()]);
const kept = () => ['COMPLIANCE', batch.header.retainUntil];

describe('a batch', () => {
  it('is written byte for byte under COMPLIANCE until it may go', async () => {
    expect(await archive()).toBe('written');
    expect(store.of(key)).toHaveLength(1);
    expect(store.of(key)[0]?.body.equals(batch.object)).toBe(true);
    expect(locks()).toEqual([kept()]);
    expect(store.operations).toEqual(['putLocked', 'headVersion']);
  });

  it('that comes when it might go already is locked for a day, to the whole second', async () => {
    now = batch.header.retainUntil + 1;
    expect(await archive()).toBe('written');
    expect(locks()).toEqual([['COMPLIANCE', batch.header.retainUntil + DAY + 1000]]);
  });

  it('is tried again until S3 takes it, with waits that double up to half a minute', async () => {
    store.fail('putLocked', ...Array<'before'>(10).fill('before'));
    expect(await archive()).toBe('written');
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(store.of(key)).toHaveLength(1);
  });

  it('that was written although S3 said no is found, and not written again', async () => {
    store.fail('putLocked', 'after');
    expect(await archive()).toBe('found');
    expect(locks()).toEqual([kept()]);
    expect(codes()).toEqual([]);
  });

  it.each(['headVersion', 'listVersions'] as const)('survives a failing %s', async (operation) => {
    store.fail('putLocked', 'after');
    store.fail(operation, 'before');
    expect(await archive()).toBe('found');
    expect(store.of(key)).toHaveLength(1);
  });

  it('waits while another write to its key is under way', async () => {
    store.fail('putLocked', 'conflict', 'conflict');
    expect(await archive()).toBe('written');
    expect(waits).toEqual([250, 500]);
  });

  it('is looked for before it is sent when it is probably there', async () => {
    await archive();
    store.operations.length = 0;
    expect(await archive({ lookFirst: true })).toBe('found');
    expect(store.operations).not.toContain('putLocked');
  });

  it('is given up between two tries when the archiver stops', async () => {
    store.fail('putLocked', 'before');
    stop.abort();
    await expect(archive()).rejects.toBe(stop.signal.reason);
  });
});

describe('a key that is taken', () => {
  const later = NOW + 60 * DAY;

  it.each([
    ['by other bytes', () => store.plant(key, Buffer.from('other'), 'COMPLIANCE', later)],
    ['by our bytes without a lock', () => store.plant(key, batch.object)],
    ['by our bytes under GOVERNANCE', () => store.plant(key, batch.object, 'GOVERNANCE', later)],
    [
      'by bytes of the same length',
      () => store.plant(key, Buffer.alloc(batch.object.length), 'COMPLIANCE', later),
    ],
  ])('%s: ours becomes a newer version, with an alert', async (_, plant) => {
    plant();
    expect(await archive()).toBe('beside');
    expect(locks()[0]).toEqual(kept());
    expect(store.of(key)).toHaveLength(2);
    expect(codes()).toEqual(['KEY_TAKEN']);
  });

  it('by our bytes under a short lock: the lock is raised, with an alert', async () => {
    store.plant(key, batch.object, 'COMPLIANCE', NOW + DAY);
    expect(await archive()).toBe('raised');
    expect(locks()).toEqual([kept()]);
    expect(codes()).toEqual(['LOCK_SHORT']);
  });

  it('by our bytes under a lock that lasts: done, whatever lies above it', async () => {
    store.plant(key, batch.object, 'COMPLIANCE', batch.header.retainUntil);
    store.plant(key, Buffer.from('something newer'));
    expect(await archive()).toBe('found');
    expect(store.of(key)).toHaveLength(2);
  });

  it('only by a delete marker: free', async () => {
    store.plantDeleteMarker(key);
    expect(await archive()).toBe('written');
  });

  it('does not take the versions of a longer key for its own', async () => {
    store.plant(key, Buffer.from('other'));
    store.plant(`${key}.copy`, batch.object, 'COMPLIANCE', later);
    expect(await archive()).toBe('beside');
  });

  it('is not written to twice when the answer to the newer version is lost', async () => {
    store.plant(key, Buffer.from('other'));
    let puts = 0;
    store.interfere = (operation, moment) => {
      if (operation !== 'putLocked' || moment !== 'after') return;
      puts += 1;
      if (puts === 2) store.fail('headVersion', 'before');
    };
    expect(await archive()).toBe('found');
    expect(store.of(key)).toHaveLength(2);
  });
});

describe('a store that does not keep what it is given', () => {
  it.each([
    ['drops the lock', { mode: null, retainUntil: null }],
    ['locks less', { mode: 'GOVERNANCE' as const }],
    ['locks shorter', { retainUntil: new Date(NOW + DAY) }],
    ['keeps no checksum', { checksum: null }],
    ['keeps other bytes', { checksum: Buffer.alloc(32) }],
    ['hides it', { deleteMarker: true }],
  ])('is refused when it %s', async (_, change) => {
    store.cheat = (version) => Object.assign(version, change);
    await expect(archive()).rejects.toMatchObject({ code: 'NOT_KEPT' });
  });

  it('is refused when it gives no version id', async () => {
    store.fail('putLocked', 'unversioned');
    await expect(archive()).rejects.toMatchObject({ code: 'BUCKET_UNSUITABLE' });
  });
});
