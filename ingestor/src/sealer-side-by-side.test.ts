/** Batches are taken, sealed and committed side by side: what comes after what, and what is forgotten. */
import { digestEntries } from '@authseal/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settle } from './testing/by-hand.ts';
import { MemoryJournal } from './testing/memory-journal.ts';
import { SealerByHand } from './testing/sealer-by-hand.ts';

let hand: SealerByHand;

beforeEach(async () => {
  hand = new SealerByHand();
  await hand.begin();
});
afterEach(() => hand.stop());

describe('while a batch is committed', () => {
  let letGo: () => void;
  let fail: (error: Error) => void;

  /** The next transactions of this journal begin when they are let go, or fail. */
  beforeEach(() => {
    const held = Promise.withResolvers<void>();
    [letGo, fail] = [held.resolve, held.reject];
    const open = hand.journal.open.bind(hand.journal);
    hand.journal.open = async () => {
      const writer = await open();
      return { ...writer, begin: () => held.promise.then(() => writer.begin()) };
    };
  });
  const mend = () => {
    hand.journal.open = MemoryJournal.prototype.open.bind(hand.journal);
  };

  it('those after it are taken and sealed, and committed together after it', async () => {
    await hand.start();
    await hand.bring(0, 9, 10, 1_000_000);
    expect([hand.told, hand.journal.committed.length]).toEqual([['opened at 0'], 1]);
    letGo();
    await settle();
    await hand.clock.moveTo(1000);
    expect(hand.told.slice(1)).toEqual([
      'sealed 4, full, 6 behind',
      'sealed 4, full, 2 behind',
      'sealed 1, linger, 1 behind',
    ]);
    expect(hand.journal.state?.offset).toBe(9);
  });

  it('what has lingered is sealed, but grows once two batches wait', async () => {
    await hand.start();
    for (const offset of [0, 1, 2, 3]) {
      await hand.bring(offset, offset + 1);
      await hand.clock.moveTo(hand.clock.elapsed() + 1000);
    }
    await hand.bring(4, 6);
    letGo();
    await settle();
    await hand.clock.moveTo(hand.clock.elapsed() + 1);
    expect(hand.told.slice(1)).toEqual([
      'sealed 1, linger, 5 behind',
      'sealed 1, linger, 4 behind',
      'sealed 1, linger, 3 behind',
      'sealed 3, linger, 0 behind',
    ]);
  });

  it('nothing more is sealed once too much waits', async () => {
    await hand.start();
    for (let offset = 0; offset < 24; offset += 4)
      await hand.bring(offset, offset + 4, 24, 1_000_000);
    await hand.clock.moveTo(10_000);
    letGo();
    await settle();
    await settle();
    expect(hand.told.slice(1)).toEqual(
      [20, 16, 12, 8, 4].map((n) => `sealed 4, full, ${n} behind`),
    );
    await hand.clock.moveTo(20_000);
    expect(hand.told.at(-1)).toBe('sealed 4, linger, 0 behind');
  });

  it('what follows it is forgotten with it when that fails, and taken again', async () => {
    const owner = await hand.start();
    await hand.bring(0, 6, 6, 1_000_000);
    fail(new Error('no broker'));
    await settle();
    expect(hand.told).toEqual(['opened at 0', 'failed: no broker']);
    expect([hand.journal.committed.length, hand.source.isPaused]).toEqual([1, true]);
    mend();
    owner.heartbeat();
    await settle();
    expect(hand.source.asked.at(-1)).toBe('seek 0');
    await hand.bring(0, 6, 6, 1_000_000);
    await hand.clock.moveTo(1000);
    expect(hand.told.slice(2)).toEqual([
      'opened at 0',
      'sealed 4, full, 2 behind',
      'sealed 2, linger, 0 behind',
    ]);
  });

  it('an owner that gives up waits for it and for those that are sealed', async () => {
    const owner = await hand.start();
    await hand.bring(0, 9, 9, 1_000_000);
    const stopped = owner.stop();
    await settle();
    expect(hand.journal.committed.length).toBe(1);
    letGo();
    await stopped;
    expect(hand.journal.state?.offset).toBe(8);
  });

  it('a log is not closed, and is when it is tried again', async () => {
    const owner = await hand.start({ close: true });
    await hand.clock.moveTo(500);
    fail(new Error('no broker'));
    await settle();
    expect([hand.told, owner.closed]).toEqual([['opened at 0', 'failed: no broker'], false]);
    mend();
    owner.heartbeat();
    await settle();
    await hand.clock.moveTo(1000);
    expect(hand.told.slice(2)).toEqual([
      ...['opened at 0', 'sealed 0, close, 0 behind'],
      ...['opened at 0', 'closed'],
    ]);
  });
});

describe('a batch that cannot be digested', () => {
  it('is told as a failure once those before it are committed, and is taken again', async () => {
    let digested = 0;
    hand.digest = async (entries) => {
      digested += 1;
      if (digested === 2) throw new Error('the thread was ended');
      return digestEntries(entries);
    };
    const owner = await hand.start();
    await hand.bring(0, 9, 9, 1_000_000);
    expect(hand.told).toEqual([
      'opened at 0',
      'sealed 4, full, 5 behind',
      'failed: the thread was ended',
    ]);
    owner.heartbeat();
    await settle();
    await hand.bring(3, 9, 9, 1_000_000);
    await hand.clock.moveTo(1000);
    expect(hand.told.slice(3)).toEqual([
      'opened at 4',
      'sealed 4, full, 1 behind',
      'sealed 1, linger, 0 behind',
    ]);
  });
});
