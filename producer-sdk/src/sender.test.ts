import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChain, firstLink, nextLink } from './chain.ts';
import { HEADER_LINK, HEADER_SEQUENCE, MAX_FLUSH_BYTES, MAX_FLUSH_EVENTS } from './limits.ts';
import {
  type Channel,
  createSender,
  type FlushRecord,
  type Place,
  type SenderParts,
  type Written,
} from './sender.ts';

const names = { deployment: 'acme', topic: 'auth-events', producer: 'billing/run-1' };

/** A channel whose sends are answered by hand, and time that passes by hand. */
function byHand(parts: Partial<SenderParts> = {}) {
  const timers = new Map<object, { at: number; callback: () => void }>();
  const sends: {
    channel: number;
    records: readonly FlushRecord[];
    answer: PromiseWithResolvers<Written>;
  }[] = [];
  const closed: number[] = [];
  const warnings: string[] = [];
  let channels = 0;
  let now = 0;

  const sender = createSender({
    producer: names.producer,
    chain: createChain(names, null),
    openChannel(): Channel {
      const channel = channels++;
      return {
        send(records) {
          const answer = Promise.withResolvers<Written>();
          sends.push({ channel, records, answer });
          return answer.promise;
        },
        async close() {
          closed.push(channel);
        },
      };
    },
    after(ms, callback) {
      const timer = {};
      timers.set(timer, { at: now + ms, callback });
      return () => timers.delete(timer);
    },
    logger: { warn: (_, message) => warnings.push(message) },
    lingerMs: 5,
    maxBufferedBytes: 10_000_000,
    ...parts,
  });

  /** Let all that is ready run. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  async function pass(ms: number): Promise<void> {
    now += ms;
    for (const [timer, { at, callback }] of timers) {
      if (at > now) continue;
      timers.delete(timer);
      callback();
    }
    await settle();
  }

  return { sender, sends, closed, warnings, settle, pass };
}

const event = (text: string): FlushRecord => ({ value: Buffer.from(text), headers: {} });
const sequences = (records: readonly FlushRecord[] | undefined) =>
  records?.map(({ headers }) => Number(headers[HEADER_SEQUENCE]));
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error: Error & { code?: string }) => ({ code: error.code, message: error.message }),
  );

describe('the sender', () => {
  it('gathers events for the time of the linger and sends them as one flush', async () => {
    const { sender, sends, pass } = byHand();
    const places = ['a', 'b', 'c'].map((text) => sender.enqueue(event(text)));
    await pass(4);
    expect(sends).toHaveLength(0);
    await pass(1);
    expect(sends).toHaveLength(1);
    expect(sequences(sends[0]?.records)).toEqual([0, 1, 2]);
    sends[0]?.answer.resolve({ partition: 3, firstOffset: 70 });
    expect(await Promise.all(places)).toEqual([
      { sequence: 0, partition: 3, offset: 70 },
      { sequence: 1, partition: 3, offset: 71 },
      { sequence: 2, partition: 3, offset: 72 },
    ]);
  });

  it('puts the link on the last event of each flush, and on no other', async () => {
    const { sender, sends, pass } = byHand();
    for (const flush of [['a', 'b'], ['c']]) {
      for (const text of flush) void sender.enqueue(event(text));
      await pass(5);
      sends.at(-1)?.answer.resolve({ partition: 0, firstOffset: 0 });
      await pass(0);
    }
    const links = sends.map(({ records }) => records.map(({ headers }) => headers[HEADER_LINK]));
    const first = nextLink(firstLink(names), 1, [Buffer.from('a'), Buffer.from('b')]);
    expect(links).toEqual([[undefined, first], [nextLink(first, 2, [Buffer.from('c')])]]);
  });

  it('has one flush in flight at a time', async () => {
    const { sender, sends, pass } = byHand();
    void sender.enqueue(event('a'));
    await pass(5);
    void sender.enqueue(event('b'));
    await pass(1_000);
    expect(sends).toHaveLength(1);
    sends[0]?.answer.resolve({ partition: 0, firstOffset: 0 });
    await pass(0);
    expect(sequences(sends[1]?.records)).toEqual([1]);
  });

  it('sends a flush that rejected first, byte for byte, on a new channel', async () => {
    const { sender, sends, closed, warnings, pass } = byHand();
    const place = sender.enqueue(event('a'));
    await pass(5);
    const later = sender.enqueue(event('b'));
    sends[0]?.answer.reject(new Error('gone'));
    await pass(0);
    await pass(100);
    expect(closed).toEqual([0]);
    expect(sends[1]?.channel).toBe(1);
    expect(sends[1]?.records).toEqual(sends[0]?.records);
    expect(warnings).toEqual([expect.stringContaining('did not confirm')]);
    sends[1]?.answer.resolve({ partition: 0, firstOffset: 9 });
    expect(await place).toEqual({ sequence: 0, partition: 0, offset: 9 });
    await pass(5);
    expect(sends[2]).toMatchObject({ channel: 1 });
    sends[2]?.answer.resolve({ partition: 0, firstOffset: 10 });
    expect(await later).toEqual({ sequence: 1, partition: 0, offset: 10 });
  });

  it('refuses an event before it has a sequence when too much waits for Kafka', async () => {
    const { sender, sends, pass } = byHand({ maxBufferedBytes: 1_000_000 });
    const first = sender.enqueue(event('x'.repeat(600_000)));
    await pass(5);
    expect(() => sender.enqueue(event('x'.repeat(600_000)))).toThrow(
      expect.objectContaining({ code: 'BUFFER_FULL' }),
    );
    sends[0]?.answer.resolve({ partition: 0, firstOffset: 0 });
    await first;
    await pass(0);
    void sender.enqueue(event('y'));
    await pass(5);
    expect(sequences(sends[1]?.records)).toEqual([1]);
  });

  it('refuses an event that does not fit into one record batch', async () => {
    const { sender, sends, pass } = byHand();
    expect(() => sender.enqueue(event('x'.repeat(MAX_FLUSH_BYTES)))).toThrow(
      expect.objectContaining({ code: 'EVENT_TOO_LARGE' }),
    );
    void sender.enqueue(event('x'.repeat(MAX_FLUSH_BYTES - 500)));
    await pass(5);
    expect(sequences(sends[0]?.records)).toEqual([0]);
  });

  it('sends a full flush at once and what is left over right after it', async () => {
    const { sender, sends, settle } = byHand();
    for (let i = 0; i < 2 * MAX_FLUSH_EVENTS; i++) void sender.enqueue(event('x'));
    await settle();
    expect(sends[0]?.records).toHaveLength(MAX_FLUSH_EVENTS);
    sends[0]?.answer.resolve({ partition: 0, firstOffset: 0 });
    await settle();
    expect(sequences(sends[1]?.records)?.at(-1)).toBe(2 * MAX_FLUSH_EVENTS - 1);
  });

  it('flushes without waiting for the linger', async () => {
    const { sender, sends, settle } = byHand();
    await sender.flush();
    void sender.enqueue(event('a'));
    const flushed = sender.flush();
    await settle();
    sends[0]?.answer.resolve({ partition: 0, firstOffset: 0 });
    await flushed;
  });

  it('closes when all is confirmed, and takes no more events', async () => {
    const { sender, sends, closed, settle } = byHand();
    const place = sender.enqueue(event('a'));
    const end = sender.close();
    expect(() => sender.enqueue(event('b'))).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    await settle();
    expect(closed).toEqual([]);
    sends[0]?.answer.resolve({ partition: 0, firstOffset: 0 });
    await end;
    expect(closed).toEqual([0]);
    expect(await place).toMatchObject({ offset: 0 });
  });

  it('says how many events Kafka has not confirmed when closing takes too long', async () => {
    const { sender, sends, closed, pass } = byHand();
    const places = ['a', 'b'].map((text) => outcome(sender.enqueue(event(text))));
    const end = outcome(sender.close(50));
    await pass(0);
    const queued = sends.length;
    await pass(50);
    const unconfirmed = { code: 'UNCONFIRMED', message: expect.stringContaining('2 events') };
    expect(await end).toEqual(unconfirmed);
    expect(await Promise.all(places)).toEqual([unconfirmed, unconfirmed]);
    expect(closed).toEqual([0]);
    sends[0]?.answer.reject(new Error('closed'));
    await pass(10_000);
    expect(sends).toHaveLength(queued);
  });

  it('says why nothing was confirmed, as far as the channel knows', async () => {
    const why = new Error('no such topic');
    const channel: Channel = {
      send: () => new Promise(() => {}),
      failure: () => why,
      close: async () => {},
    };
    const { sender, pass } = byHand({ openChannel: () => channel });
    void sender.enqueue(event('a')).catch(() => {});
    const end = sender.close(50).catch((error) => error);
    await pass(50);
    const error = await end;
    expect(error).toMatchObject({ code: 'UNCONFIRMED', cause: why });
    expect(error.message).toContain('no such topic');
  });

  it('says why the last send failed, while it waits to send again', async () => {
    const { sender, sends, pass } = byHand();
    void sender.enqueue(event('a')).catch(() => {});
    const end = sender.close(50).catch((error) => error);
    await pass(0);
    sends[0]?.answer.reject(new Error('not authorized'));
    await pass(0);
    await pass(50);
    expect(await end).toMatchObject({ message: expect.stringContaining('not authorized') });
  });

  it('keeps its timeout when all is confirmed and only the channel does not end', async () => {
    let closes = 0;
    const channel: Channel = {
      send: async () => ({ partition: 0, firstOffset: 0 }),
      close: () => {
        closes++;
        return new Promise(() => {});
      },
    };
    const { sender, pass } = byHand({ openChannel: () => channel });
    const place = sender.enqueue(event('a'));
    const end = sender.close(50);
    expect(await place).toMatchObject({ offset: 0 });
    await pass(49);
    expect(closes).toBe(1);
    await pass(1);
    await end;
    expect(closes).toBe(2);
  });

  it('can still be given a timeout when it closes already', async () => {
    const { sender, pass } = byHand();
    const place = outcome(sender.enqueue(event('a')));
    const patient = outcome(sender.close());
    const hurried = outcome(sender.close(50));
    await pass(50);
    for (const end of [place, patient, hurried]) {
      expect(await end).toMatchObject({ code: 'UNCONFIRMED' });
    }
  });

  it('keeps every event once and in order, whatever Kafka answers', async () => {
    // What Kafka does with a send: writes it or not, then confirms it or not.
    const answers = fc.constantFrom('confirmed', 'lost', 'written but not confirmed');
    const steps = fc.array(
      fc.oneof(
        fc.record({ events: fc.integer({ min: 1, max: 5 }) }),
        fc.record({ pass: fc.integer({ min: 0, max: 200 }) }),
        fc.record({ answer: answers }),
      ),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const { sender, sends, pass } = byHand();
        const log: FlushRecord[] = [];
        const places: Promise<Place>[] = [];
        let answered = 0;
        const answerNext = async (answer: string) => {
          const send = sends[answered];
          if (send === undefined) return;
          answered++;
          const firstOffset = log.length;
          if (answer !== 'lost') log.push(...send.records);
          if (answer === 'confirmed') send.answer.resolve({ partition: 0, firstOffset });
          else send.answer.reject(new Error(answer));
          await pass(0);
        };
        for (const step of plan) {
          if ('events' in step) {
            for (let i = 0; i < step.events; i++) {
              places.push(sender.enqueue(event(`event ${places.length}`)));
            }
          } else if ('pass' in step) await pass(step.pass);
          else await answerNext(step.answer);
        }
        const end = sender.close();
        while (answered < sends.length || places.length > 0) {
          await answerNext('confirmed');
          await pass(5_000);
          if (answered === sends.length) break;
        }
        await end;

        const receipts = await Promise.all(places);
        receipts.forEach(({ sequence, offset }, i) => {
          expect(sequence).toBe(i);
          expect(log[offset]?.value.toString()).toBe(`event ${i}`);
        });
        // Without the exact repeats the log is the sequence, and its chain holds.
        let link = firstLink(names);
        let next = 0;
        let values: Buffer[] = [];
        for (const { value, headers } of log) {
          const sequence = Number(headers[HEADER_SEQUENCE]);
          if (sequence < next) continue;
          expect(sequence).toBe(next++);
          values.push(value);
          if (headers[HEADER_LINK] === undefined) continue;
          link = nextLink(link, sequence, values);
          expect(headers[HEADER_LINK]).toEqual(link);
          values = [];
        }
        expect(next).toBe(places.length);
      }),
      { numRuns: 200 },
    );
  });
});
