import { type LastRecord, type LogHead, newLog, recordHash } from '@authseal/ledger';
import type { Fetched, KafkaRecord } from '@authseal/runtime/kafka';
import { beforeEach, describe, expect, it } from 'vitest';
import { Intake } from './intake.ts';
import type { Clock, Source } from './journal.ts';

/** The partition's consumer, driven by hand: what was asked of it, and where the log stands. */
class HandSource implements Source {
  asked: string[] = [];
  log = { start: 0, end: 0 };
  seek(offset: number) {
    this.asked.push(`seek ${offset}`);
  }
  pause() {
    this.asked.push('pause');
  }
  resume() {
    this.asked.push('resume');
  }
  offsets = async () => this.log;
  partitions = async () => 1;
}

const clock = { time: 0 };
const handClock: Clock = {
  now: () => clock.time,
  elapsed: () => clock.time,
  after: () => () => {},
};

const record = (offset: number, value = `value ${offset}`): KafkaRecord => ({
  offset,
  timestamp: 1_790_000_000_000,
  inTransaction: false,
  key: null,
  headers: [],
  value: Buffer.from(value),
});

/** A fetch from `from` that brings records at these offsets and covers up to `end`. */
const fetched = (from: number, offsets: number[], end: number, highWatermark = end): Fetched => ({
  partition: 0,
  fetchedOffset: from,
  end,
  highWatermark,
  records: offsets.map((offset) => record(offset)),
});

const headAt = (offset: number): LogHead => ({ ...newLog('acme/auth-events/0'), offset });
const lastAt = (offset: number): LastRecord => {
  const { timestamp, value } = record(offset);
  return { offset, hash: recordHash(timestamp, value) };
};

let source: HandSource;
let intake: Intake;
beforeEach(() => {
  clock.time = 0;
  source = new HandSource();
  intake = new Intake(source, handClock, () => {});
});

describe('taking records', () => {
  it('begins at the next offset when nothing was sealed yet', () => {
    intake.begin(headAt(0), null);
    expect(source.asked).toEqual(['seek 0', 'resume']);
  });

  it('takes each record once, in order, and passes over repeats', () => {
    intake.begin(headAt(0), null);
    intake.take(fetched(0, [0, 1, 2], 3));
    intake.take(fetched(1, [1, 2, 3], 4));
    const batch = intake.next();
    expect([batch.count, batch.offset]).toEqual([4, 4]);
  });

  it('covers offsets that are no records: markers', () => {
    intake.begin(headAt(0), null);
    intake.take(fetched(0, [0, 2], 4));
    intake.take(fetched(4, [], 5));
    const batch = intake.next();
    expect([batch.count, batch.offset]).toEqual([2, 5]);
  });

  it('takes what comes while a batch is sealed into the next', () => {
    intake.begin(headAt(0), null);
    intake.take(fetched(0, [0], 1));
    const first = intake.next();
    intake.take(fetched(1, [1, 2], 3));
    expect(first.count).toBe(1);
    expect(intake.next().count).toBe(2);
  });

  it('drops an answer that comes after the partition was given up', () => {
    intake.begin(headAt(0), null);
    intake.end();
    intake.take(fetched(0, [0], 1));
    intake.begin(headAt(0), null);
    expect(intake.next().count).toBe(0);
  });

  it('says since when the open batch has an entry', () => {
    intake.begin(headAt(0), null);
    expect(intake.firstTakenAt).toBeNull();
    clock.time = 17;
    intake.take(fetched(0, [0], 1));
    expect(intake.firstTakenAt).toBe(17);
  });

  it('pauses the partition while too much waits, and lets it flow again', () => {
    intake.begin(headAt(0), null);
    const large = (offset: number) => ({ ...record(offset), value: Buffer.alloc(1_000_000) });
    for (let i = 0; i < 13; i += 1) {
      expect(source.asked.at(-1)).toBe('resume');
      intake.take({ ...fetched(i, [], i + 1), records: [large(i)] });
    }
    expect(source.asked.at(-1)).toBe('pause');
    expect([intake.next().count, intake.full, source.asked.at(-1)]).toEqual([4, true, 'pause']);
    expect([intake.next().count, intake.full, source.asked.at(-1)]).toEqual([4, true, 'pause']);
    expect([intake.next().count, intake.full, source.asked.at(-1)]).toEqual([4, false, 'resume']);
  });

  it('refuses a record that no batch can hold, without a throw', () => {
    intake.begin(headAt(0), null);
    const records = [{ ...record(0), value: Buffer.alloc(9 * 1024 * 1024) }];
    intake.take({ ...fetched(0, [], 1), records });
    expect(intake.refusal?.code).toBe('TOPIC_UNFIT');
  });
});

describe('a gap before a fetch', () => {
  it('is lost when the log begins above the next offset', async () => {
    intake.begin(headAt(0), null);
    intake.take(fetched(10, [10], 11));
    expect(intake.gap).toBe(true);
    source.log = { start: 8, end: 11 };
    expect(await intake.mendGap()).toEqual({ from: 0, to: 8 });
    expect(source.asked.slice(-2)).toEqual(['seek 8', 'resume']);
    intake.take(fetched(8, [8, 9, 10], 11));
    expect(intake.next().count).toBe(3);
  });

  it('is asked for again when the broker still has it', async () => {
    intake.begin(headAt(5), null);
    intake.take(fetched(10, [10], 11));
    source.log = { start: 2, end: 11 };
    expect(await intake.mendGap()).toBeNull();
    expect(source.asked.slice(-2)).toEqual(['seek 5', 'resume']);
    expect(intake.gap).toBe(false);
  });
});

describe('the last sealed record', () => {
  it('is read again before anything is taken', () => {
    intake.begin(headAt(6), lastAt(4));
    expect(source.asked[0]).toBe('seek 4');
    intake.take(fetched(4, [4, 6, 7], 8));
    expect(intake.refusal).toBeNull();
    expect(intake.next().count).toBe(2);
  });

  it('is refused when other bytes stand there', () => {
    intake.begin(headAt(5), { ...lastAt(4), hash: lastAt(3).hash });
    intake.take(fetched(4, [4, 5], 6));
    expect(intake.refusal?.code).toBe('SOURCE_RECREATED');
  });

  it('is refused when no record stands there', () => {
    intake.begin(headAt(5), lastAt(4));
    intake.take(fetched(3, [3, 5], 6));
    expect(intake.refusal?.code).toBe('SOURCE_RECREATED');
  });

  it('is refused when the log ends before it', () => {
    intake.begin(headAt(5), lastAt(4));
    intake.take(fetched(0, [0, 1], 2));
    expect(intake.refusal?.code).toBe('SOURCE_RECREATED');
  });

  it('is refused when the log is empty and stays so', async () => {
    intake.begin(headAt(5), lastAt(4));
    await intake.probe();
    clock.time = 10_000;
    await intake.probe();
    expect(intake.refusal?.code).toBe('SOURCE_RECREATED');
  });

  it('is not needed to refuse an empty log where offsets were sealed: all that came was lost', async () => {
    intake.begin(headAt(5), null);
    await intake.probe();
    clock.time = 10_000;
    await intake.probe();
    expect(intake.refusal?.code).toBe('SOURCE_RECREATED');
  });

  it('is not asked for when the log begins above it', async () => {
    intake.begin(headAt(5), lastAt(4));
    intake.take(fetched(5, [5], 6));
    source.log = { start: 5, end: 6 };
    expect(await intake.mendGap()).toBeNull();
    intake.take(fetched(5, [5], 6));
    expect(intake.refusal).toBeNull();
    expect(intake.next().count).toBe(1);
  });

  it('is missed no more when retention took it and all after it', async () => {
    intake.begin(headAt(5), lastAt(4));
    source.log = { start: 7, end: 7 };
    await intake.probe();
    clock.time = 10_000;
    await intake.probe();
    expect(await intake.mendGap()).toEqual({ from: 5, to: 7 });
  });
});

describe('silence', () => {
  it('is known only from a fetch that answered after it was asked for', async () => {
    intake.begin(headAt(5), null);
    intake.take(fetched(4, [4], 5));
    expect(intake.silent).toBe(false);
    await intake.probe();
    expect(source.asked.slice(-2)).toEqual(['seek 4', 'resume']);
    expect(intake.silent).toBe(false);
    intake.take(fetched(4, [4], 5));
    expect(intake.silent).toBe(true);
  });

  it('is not there when the log goes on above the next offset', async () => {
    intake.begin(headAt(5), null);
    await intake.probe();
    intake.take(fetched(4, [4], 5, 9));
    expect(intake.silent).toBe(false);
  });

  it('of a log that never had a record is told by its offsets', async () => {
    intake.begin(headAt(0), null);
    await intake.probe();
    expect(intake.silent).toBe(true);
  });

  it('ends with the next batch', async () => {
    intake.begin(headAt(0), null);
    await intake.probe();
    intake.next();
    expect(intake.silent).toBe(false);
  });
});
