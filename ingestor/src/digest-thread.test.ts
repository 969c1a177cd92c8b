import { digestEntries } from '@authseal/ledger';
import { afterEach, describe, expect, it } from 'vitest';
import { DigestThread } from './digest-thread.ts';

const thread = new DigestThread();
afterEach(() => thread.stop());

/** Entries of ten bytes each; byte 0 is spare. */
function entries(count: number) {
  const buffer = Buffer.allocUnsafeSlow(100 + 10 * count).fill('entry ');
  const bounds = Uint32Array.from({ length: count + 1 }, (_, i) => 1 + 10 * i);
  return { buffer, bounds, first: 3, codec: 'zstandard' as const };
}

describe('the thread', () => {
  it('answers what would be answered here, to each its own', async () => {
    const counts = [0, 1, 1000, 20_000];
    const digests = await Promise.all(counts.map((count) => thread.digest(entries(count))));
    for (const [i, count] of counts.entries()) {
      const { range, block } = await digestEntries(entries(count));
      expect(digests[i]).toMatchObject({ range, block });
    }
  });

  it('gives the memory of the entries back, and has had it meanwhile', async () => {
    const given = entries(5);
    const { length } = given.buffer;
    const answer = thread.digest(given);
    expect(given.buffer.length).toBe(0);
    expect((await answer).buffer.length).toBe(length);
  });

  it('that ends fails who waits for it, and another one begins with the next call', async () => {
    const answer = thread.digest(entries(20_000));
    const stopped = thread.stop();
    await expect(answer).rejects.toThrow('the thread was ended');
    await stopped;
    expect((await thread.digest(entries(1))).range).toHaveLength(1);
  });

  it('says what it failed with, to whom it concerns', async () => {
    const before = thread.digest(entries(1));
    const wrong = thread.digest({ ...entries(1), first: 1n as never });
    const after = thread.digest(entries(2));
    await expect(wrong).rejects.toThrow('BigInt');
    expect([(await before).range, (await after).range].map((range) => range.length)).toEqual([
      1, 2,
    ]);
  });
});
