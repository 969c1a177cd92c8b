/** When a sealer seals, asks and gives up, to the millisecond, and what it tells of it. */

import { checkpointSigners, formatVkey, noteVerifier, readBatch } from '@authseal/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SealTermsOfLog } from './seal-batch.ts';
import { HandSource, settle } from './testing/by-hand.ts';
import { MemoryJournal } from './testing/memory-journal.ts';
import { keys, ORIGIN, SealerByHand, signer, successor } from './testing/sealer-by-hand.ts';

let hand: SealerByHand;
let { journal, clock, source, told }: SealerByHand = new SealerByHand();

const start = (own?: Partial<SealTermsOfLog>) => hand.start(own);
const bring: SealerByHand['bring'] = (...fetched) => hand.bring(...fetched);

beforeEach(async () => {
  hand = new SealerByHand();
  ({ journal, clock, source, told } = hand);
  await hand.begin();
});
afterEach(() => hand.stop());

const newest = () => readBatch(journal.committed.at(-1)?.value as Buffer);
const lastInState = () => JSON.parse(journal.state?.metadata ?? '').last;
const timesAsked = (what: string) => source.asked.filter((asked) => asked === what).length;

describe('a batch is sealed', () => {
  it('`linger` after its first entry, not before', async () => {
    await start();
    await clock.moveTo(5000);
    await bring(0, 2, 7);
    await clock.moveTo(5500);
    await bring(2, 3, 7);
    expect(clock.ends).toEqual([6000]);
    await clock.moveTo(5999);
    expect(told).toEqual(['opened at 0']);
    await clock.moveTo(6000);
    expect(told).toEqual(['opened at 0', 'sealed 3, linger, 4 behind']);
    expect(newest().header.heartbeat).toBe(60);
  });

  it('at once when it is full', async () => {
    await start();
    await bring(0, 5, 5, 1_000_000);
    expect(told).toEqual(['opened at 0', 'sealed 4, full, 1 behind']);
    await clock.moveTo(1000);
    expect(told.slice(2)).toEqual(['sealed 1, linger, 0 behind']);
  });

  it('at once when it became full while the sealer asked where the log ends', async () => {
    await start();
    source.offsets = async () => {
      await bring(0, 5, 5, 1_000_000);
      return { start: 0, end: 5 };
    };
    await clock.moveTo(55_000);
    await settle();
    expect(told).toEqual(['opened at 0', 'sealed 4, full, 1 behind']);
  });

  it.each([
    [60_000, 55_000, 60],
    [10_000, 9000, 10],
    [1500, 1350, 2],
  ])(
    'after a silence of %i ms: the log is asked for its end from %i ms on',
    async (heartbeat, asked, promised) => {
      await start({ heartbeat });
      expect(clock.ends).toEqual([asked]);
      await clock.moveTo(asked - 1);
      expect(timesAsked('offsets')).toBe(0);
      await clock.moveTo(asked);
      expect(timesAsked('offsets')).toBe(1);
      expect(told).toEqual(['opened at 0']);
      expect(clock.ends).toEqual([asked + 500]);
      await clock.moveTo(asked + 500);
      expect(told).toEqual(['opened at 0', 'sealed 0, heartbeat, 0 behind']);
      expect(newest().header.heartbeat).toBe(promised);
      expect(clock.ends).toEqual([asked + 500 + asked]);
    },
  );

  it('the moment a fetch shows the end of a log that is silent and due', async () => {
    await start();
    await bring(0, 1);
    await clock.moveTo(1000);
    await clock.moveTo(56_000);
    expect(source.asked).toEqual(['seek 0', 'partitions', 'seek 0']);
    expect(clock.ends).toEqual([56_500]);
    await bring(0, 1);
    expect(told.slice(2)).toEqual(['sealed 0, heartbeat, 0 behind']);
  });

  it('with the number of partitions as it was a minute ago or later', async () => {
    await start();
    const sealedAt = async (elapsed: number, offset: number) => {
      await clock.moveTo(elapsed - 1000);
      await bring(offset, offset + 1);
      await clock.moveTo(elapsed);
      return newest().header.partitions;
    };
    expect(await sealedAt(1000, 0)).toBe(1);
    source.partitionCount = 2;
    expect(await sealedAt(31_000, 1)).toBe(1);
    expect(await sealedAt(61_000, 2)).toBe(1);
    expect(await sealedAt(62_001, 3)).toBe(2);
    expect(timesAsked('partitions')).toBe(2);
  });
});

describe('a silence', () => {
  it('is counted from the last batch, whoever sealed it', async () => {
    await clock.moveTo(30_000);
    await start();
    expect(clock.ends).toEqual([55_000]);
  });

  it('begins with the owner when the last batch lies in the future', async () => {
    clock.start -= 1_000_000;
    await start();
    expect(clock.ends).toEqual([55_000]);
  });
});

describe('the state', () => {
  it('keeps the last record sealed while only silence is sealed', async () => {
    await start();
    await bring(0, 2);
    await clock.moveTo(1000);
    expect(lastInState().offset).toBe(1);
    await clock.moveTo(56_000);
    await bring(1, 2);
    expect(told.at(-1)).toBe('sealed 0, heartbeat, 0 behind');
    expect(lastInState().offset).toBe(1);
  });
});

describe('what is not there', () => {
  it('is lost when the broker has dropped it, and is told', async () => {
    await start();
    source.bounds = { start: 3, end: 5 };
    await bring(4, 5);
    expect(told).toEqual(['opened at 0', 'lost [0, 3)']);
    expect(source.asked.at(-1)).toBe('seek 3');
    await bring(3, 5);
    await clock.moveTo(1000);
    expect(newest().header).toMatchObject({ lost: [{ from: 0, to: 3 }], count: 2 });
  });

  it('is asked for again when the broker still has it', async () => {
    await start();
    source.bounds = { start: 0, end: 5 };
    await bring(4, 5);
    expect(told).toEqual(['opened at 0']);
    expect(source.asked).toEqual(['seek 0', 'offsets', 'seek 0']);
  });
});

describe('a refusal', () => {
  it('stands for a minute, then it is tried again', async () => {
    journal = hand.journal = new MemoryJournal();
    await clock.moveTo(10);
    const refused = await start();
    expect(told).toEqual(['refused: LOG_NOT_BEGUN']);
    expect(refused.refusal?.code).toBe('LOG_NOT_BEGUN');
    await hand.begin();
    await clock.moveTo(60_009);
    refused.heartbeat();
    await settle();
    expect(refused.refusal?.code).toBe('LOG_NOT_BEGUN');
    await clock.moveTo(60_010);
    refused.heartbeat();
    await settle();
    expect(told).toEqual(['refused: LOG_NOT_BEGUN', 'opened at 0']);
    expect(refused.refusal).toBeNull();
  });

  it('follows when the source is not the one that was sealed', async () => {
    await start();
    await bring(0, 2);
    await clock.moveTo(1000);
    await bring(0, 1, 1);
    expect(told.slice(2)).toEqual(['refused: SOURCE_RECREATED']);
    expect(source.isPaused).toBe(true);
  });

  it.each([
    [7_200_000, 'sealed 1, linger, 0 behind'],
    [-7_200_000, 'sealed 1, linger, 0 behind'],
    [7_200_001, 'refused: PRODUCE_REFUSED'],
    [-7_200_001, 'refused: PRODUCE_REFUSED'],
  ])('follows when Kafka has its time more than two hours off: %i ms', async (off, what) => {
    journal.answer = (truth) => [{ ...truth, logAppendTime: clock.now() + off }];
    await start();
    await bring(0, 1);
    await clock.moveTo(1000);
    expect(told).toEqual(['opened at 0', what]);
  });
});

describe('a failure', () => {
  it('to read is told as it is: nothing is written for it', async () => {
    journal.readState = async () => {
      throw new Error('not read');
    };
    journal.failAt('begin');
    await start();
    expect(told).toEqual(['failed: not read']);
  });
});

describe('an owner that gives up', () => {
  it('takes nothing more, closes its writer and sets no timer', async () => {
    let closed = 0;
    const open = journal.open.bind(journal);
    journal.open = async () => {
      const writer = await open();
      const close = writer.close.bind(writer);
      writer.close = async () => {
        closed += 1;
        await close();
      };
      return writer;
    };
    const owner = await start();
    expect(source.isPaused).toBe(false);
    await owner.stop();
    expect(source.isPaused).toBe(true);
    expect(closed).toBe(1);
    expect(clock.ends).toEqual([]);
  });

  it('waits for the commit that is under way', async () => {
    const owner = await start();
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    source.partitions = () => held.then(() => 1);
    await bring(0, 1);
    await clock.moveTo(1000);
    let isStopped = false;
    const stopped = owner.stop().then(() => {
      isStopped = true;
    });
    await settle();
    expect(isStopped).toBe(false);
    letGo();
    await stopped;
    expect(journal.state?.offset).toBe(1);
  });
});

describe('a log that is closed', () => {
  it('is told to be closed when it is opened behind its last batch, and to every later owner', async () => {
    const owner = await start({ close: true });
    await clock.moveTo(500);
    expect(told).toEqual(['opened at 0', 'sealed 0, close, 0 behind', 'opened at 0', 'closed']);
    await owner.stop();
    [source, told] = [hand.source, hand.told] = [new HandSource(), []];
    const later = await start();
    expect(told).toEqual(['opened at 0', 'closed']);
    expect(later.closed).toBe(true);
    expect(source.asked).toEqual([]);
    await later.stop();
  });

  it('is not told to be closed while the brokers have not committed its last batch', async () => {
    const { journal } = hand;
    journal.missMarkers('batches');
    const owner = await start({ close: true });
    await clock.moveTo(500);
    expect(told.slice(1)).toEqual(['sealed 0, close, 0 behind', 'opened at 0', 'closed']);
    expect(journal.warnings.at(-1)).toContain('it is written again');
    expect(journal.leftOpen).toEqual([]);
    expect(owner.closed).toBe(true);
  });
});

describe('the key of a log', () => {
  const linesThatSigned = () => checkpointSigners(newest().note, ORIGIN, keys);
  const sealNext = async (offset: number) => {
    await bring(offset, offset + 1);
    await clock.moveTo(clock.elapsed() + 1000);
  };

  it('changes with one batch, signed by both; what follows is signed by the new one alone', async () => {
    await start({ signer: successor, previous: signer });
    await sealNext(0);
    expect(newest().header.rotation).toEqual({
      next: formatVkey(noteVerifier('acme', successor.publicKey)),
    });
    expect(linesThatSigned()).toEqual([0, 1]);
    await sealNext(1);
    expect(newest().header).toMatchObject({ batch: 2, offsets: { from: 1, to: 2 } });
    expect(newest().header.rotation).toBeUndefined();
    expect(linesThatSigned()).toEqual([1]);
  });

  it('stays when the one before is the same', async () => {
    await start({ previous: signer });
    await sealNext(0);
    expect(newest().header).toMatchObject({ batch: 1 });
    expect(newest().header.rotation).toBeUndefined();
    expect(linesThatSigned()).toEqual([0]);
  });
});
