import { objectKey, type SealedBatch } from '@authseal/ledger';
import { beforeEach, describe, expect, it } from 'vitest';
import { bridgeGap } from './bridge-gap.ts';
import { type Place, placeBefore } from './continuity.ts';
import { readOurBatch } from './our-batch.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { DAY, keys, NOW, ORIGIN, seal } from './testing/sealed-log.ts';

const log = await seal(6);
const at = (i: number) => log[i] as SealedBatch;
/** After batch 1: archived, and the topic goes on with batch 5. */
const archived: Place = { ...placeBefore(at(2).header), key: null };
let store: MemoryStore;

beforeEach(() => {
  store = new MemoryStore();
});

function hold(...batches: SealedBatch[]): void {
  for (const { object, header } of batches) {
    store.plant(objectKey('', header), object, 'COMPLIANCE', header.retainUntil);
  }
}

function bridge(next = at(5), now = NOW): Promise<Place> {
  const clock = { now: () => now, wait: async () => {} };
  const watch = { put() {}, retry() {}, alert() {} };
  const batch = readOurBatch(next.object, ORIGIN, keys);
  return bridgeGap(batch, archived, '', { store, clock, watch }, keys);
}

describe('a gap in the topic', () => {
  it('is none when the bucket holds all that lies between', async () => {
    hold(...log.slice(2, 5));
    expect(await bridge()).toMatchObject(placeBeforeBut(at(5)));
  });

  it('stays one where a batch is missing, has no lock, or does not continue the log', async () => {
    hold(at(2), at(4));
    expect((await bridge()).batch).toBe(2);
    store.plant(objectKey('', at(3).header), at(3).object);
    expect((await bridge()).batch).toBe(2);
    const [, , , other] = await seal(4, { text: 'other' });
    hold(other as SealedBatch);
    expect((await bridge()).batch).toBe(2);
    hold(at(3));
    expect(await bridge()).toMatchObject(placeBeforeBut(at(5)));
  });

  it('is none where all that is missing has expired', async () => {
    const [late, later] = await seal(2, { head: at(4).head, now: NOW + 40 * DAY });
    expect((await bridge(late, NOW + 20 * DAY)).batch).toBe(1);
    expect((await bridge(late, NOW + 40 * DAY)).batch).toBe(4);
    expect((await bridge(later, NOW + 40 * DAY)).batch).toBe(1);
    hold(late as SealedBatch);
    expect((await bridge(later, NOW + 40 * DAY)).batch).toBe(5);
  });
});

/** The place before a batch, the key in force not looked at. */
function placeBeforeBut({ header }: SealedBatch): Partial<Place> {
  const { batch, header: hash } = placeBefore(header);
  return { batch, header: hash };
}
