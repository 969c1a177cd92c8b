import { objectKey, type SealedBatch } from '@authseal/ledger';
import { beforeEach, describe, expect, it } from 'vitest';
import { placeBefore } from './continuity.ts';
import { findPlace } from './find-place.ts';
import { readOurBatch } from './our-batch.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { DAY, keys, NOW, ORIGIN, seal } from './testing/sealed-log.ts';

const PREFIX = 'region/';
const log = await seal(4);
const at = (i: number) => log[i] as SealedBatch;
let store: MemoryStore;

beforeEach(() => {
  store = new MemoryStore();
});

function find(first: SealedBatch, now = NOW) {
  const clock = { now: () => now, wait: async () => {} };
  const watch = { put() {}, retry() {}, alert() {} };
  const batch = readOurBatch(first.object, ORIGIN, keys);
  return findPlace(batch, objectKey(PREFIX, first.header), PREFIX, { store, clock, watch }, keys);
}

/** Puts batches into the bucket under lock, as an archiver does. */
function hold(...batches: SealedBatch[]) {
  for (const { object, header } of batches) {
    store.plant(objectKey(PREFIX, header), object, 'COMPLIANCE', header.retainUntil);
  }
}

const BEGINNING = { batch: -1, header: null, key: null };
const isGap = expect.objectContaining({ code: 'GAP' });
const isFork = expect.objectContaining({ code: 'FORK' });

describe('a place that Kafka does not have', () => {
  it('is the beginning when batch 0 meets an empty bucket', async () => {
    expect(await find(at(0))).toEqual(BEGINNING);
  });

  it('is before the first batch of the topic when the bucket holds that batch', async () => {
    hold(...log);
    expect(await find(at(0))).toEqual(BEGINNING);
    expect(await find(at(2))).toEqual(placeBefore(at(2).header));
  });

  it('is before the first batch of the topic when the bucket holds the one before', async () => {
    hold(at(0), at(1));
    expect(await find(at(2))).toEqual(placeBefore(at(2).header));
  });

  it('finds the batch before on another day', async () => {
    const [later] = (await seal(1, { head: at(1).head, now: NOW + 3 * DAY })) as [SealedBatch];
    hold(at(1));
    expect(await find(later)).toEqual(placeBefore(later.header));
  });

  it('is a gap when the bucket holds neither', async () => {
    await expect(find(at(2))).rejects.toEqual(isGap);
    hold(at(0));
    await expect(find(at(2))).rejects.toEqual(isGap);
  });

  it('is no gap when all before the first batch of the topic has expired', async () => {
    const [late] = (await seal(1, { head: at(3).head, now: NOW + 40 * DAY })) as [SealedBatch];
    await expect(find(late, NOW + 20 * DAY)).rejects.toEqual(isGap);
    expect(await find(late, NOW + 40 * DAY)).toEqual(placeBefore(late.header));
  });

  it('does not trust a batch before that is not locked, nor one that is not ours', async () => {
    const key = objectKey(PREFIX, at(1).header);
    store.plant(key, at(1).object);
    store.plant(key, Buffer.from('something'), 'COMPLIANCE', NOW + DAY);
    store.plantDeleteMarker(key);
    await expect(find(at(2))).rejects.toEqual(isGap);
  });

  it('is a fork when the topic begins anew and the bucket holds another batch 0', async () => {
    hold(...(await seal(2, { text: 'other', now: NOW - DAY })));
    await expect(find(at(0))).rejects.toEqual(isFork);
  });

  it('is a fork when the bucket holds anything older than batch 0', async () => {
    hold(...(await seal(3, { text: 'other', now: NOW - DAY })).slice(1));
    await expect(find(at(0))).rejects.toEqual(isFork);
  });

  it('is the beginning although somebody put strange or later things there', async () => {
    hold(at(2));
    store.plant(`${objectKey(PREFIX, at(0).header)}.junk`, Buffer.from('junk'));
    store.plant(objectKey(PREFIX, at(0).header), Buffer.from('junk'), 'COMPLIANCE', NOW + DAY);
    expect(await find(at(0))).toEqual(BEGINNING);
  });
});
