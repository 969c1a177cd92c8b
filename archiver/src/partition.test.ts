import { objectKey, type SealedBatch } from '@authseal/ledger';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Place } from './continuity.ts';
import type { ArchiverError } from './error.ts';
import { MAX_WAITING_BYTES } from './limits.ts';
import { Partition, type PartitionOptions, type PartitionWatch } from './partition.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { type MemoryConsumer, MemoryTopic } from './testing/memory-topic.ts';
import { DAY, keys, keysOf, NOW, newSigner, ORIGIN, seal } from './testing/sealed-log.ts';
import { Turns } from './turns.ts';

let topic: MemoryTopic;
let store: MemoryStore;
let events: string[];
let alerts: ArchiverError[];
let lag: number;
let open: Partition[];

beforeEach(() => {
  topic = new MemoryTopic();
  store = new MemoryStore();
  events = [];
  alerts = [];
  lag = -1;
  open = [];
});

afterEach(async () => {
  letAllGo();
  await Promise.all(open.map((partition) => partition.stop()));
});

const watch: PartitionWatch = {
  opened: (place) => void events.push(place === null ? 'opened' : `opened after ${place.batch}`),
  archived: ({ header }, outcome) => void events.push(`${outcome} ${header.batch}`),
  committed: ({ header }) => void events.push(`committed ${header.batch}`),
  passedOver: (error, offset) => void events.push(`${error.code} at ${offset}`),
  stopped: (error) => void events.push(`stopped: ${error.code}`),
  failed: (error) => void events.push(`failed: ${(error as Error).message}`),
  lag(records) {
    lag = records;
  },
  alert: (error) => void alerts.push(error),
  put() {},
  retry() {},
};

function start(options: Partial<PartitionOptions> = {}): [Partition, MemoryConsumer] {
  const consumer = topic.consumer();
  const partition = new Partition({
    origin: ORIGIN,
    prefix: '',
    keys,
    maxRetention: 366 * DAY,
    store,
    clock: {
      now: () => NOW,
      wait: (_, signal) => new Promise((_, no) => signal.addEventListener('abort', no)),
    },
    turn: new Turns().next,
    journal: consumer,
    watch,
    ...options,
  });
  consumer.partition = partition;
  open.push(partition);
  return [partition, consumer];
}

const objects = (batches: readonly SealedBatch[]) => batches.map(({ object }) => object);
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 2 });
const happens = (event: string) => eventually(() => expect(events).toContain(event));
const place = (): Place => JSON.parse(topic.state?.metadata ?? 'null');
const versionsOf = ({ header }: SealedBatch) => store.of(objectKey('', header));

function expectKept(batches: readonly SealedBatch[]) {
  for (const batch of batches) {
    expect(versionsOf(batch), `batch ${batch.header.batch}`).toHaveLength(1);
    expect(versionsOf(batch)[0]?.body.equals(batch.object)).toBe(true);
  }
}

/** Puts on their way, by key, that wait to be let go. */
const held = new Map<string, () => void>();

function holdPuts(): void {
  store.gate = (key) => new Promise((resolve) => void held.set(key, resolve));
}

const letGo = ({ header }: SealedBatch) => held.get(objectKey('', header))?.();

function letAllGo(): void {
  store.gate = async () => {};
  for (const go of held.values()) go();
  held.clear();
}

/** The object with one more line under its checkpoint; its length stands before it as an Avro long. */
function withStrangersLine(object: Buffer): Buffer {
  const at = object.indexOf(`${ORIGIN}\n`);
  const end = object.indexOf(0, at); // the end of the metadata
  const note = Buffer.concat([object.subarray(at, end), Buffer.from('— stranger AAAAAAA=\n')]);
  const zigzag = 2 * note.length;
  const length = Buffer.of((zigzag & 0x7f) | 0x80, zigzag >> 7);
  return Buffer.concat([object.subarray(0, at - 2), length, note, object.subarray(end)]);
}

const onTheirWay = (number: number) => eventually(() => expect(held.size).toBe(number));

describe('a partition', () => {
  it('archives what comes, in order, and commits the place', async () => {
    const log = await seal(10);
    topic.append(...objects(log));
    start();
    await happens('committed 9');
    expectKept(log);
    expect(place().batch).toBe(9);
    expect(topic.state?.offset).toBe(10);
    expect(lag).toBe(0);
  });

  it('sends four at once and commits none before those below it have arrived, then all together', async () => {
    const log = (await seal(6)) as [
      SealedBatch,
      SealedBatch,
      SealedBatch,
      SealedBatch,
      ...SealedBatch[],
    ];
    holdPuts();
    topic.append(...objects(log));
    start();
    await onTheirWay(4);
    const commits = topic.commits.length;
    for (const batch of log.slice(1, 4)) letGo(batch);
    await happens('written 3');
    expect(topic.commits).toHaveLength(commits);
    expect(lag).toBe(6);
    letGo(log[0]);
    await happens('committed 3');
    expect(topic.commits).toHaveLength(commits + 1);
    expect(lag).toBe(2);
  });

  it('goes on where the place was committed', async () => {
    const log = await seal(5);
    topic.append(...objects(log.slice(0, 3)));
    const [first] = start();
    await happens('committed 2');
    await first.stop();
    store.operations.length = 0;
    topic.append(...objects(log.slice(3)));
    start();
    await happens('committed 4');
    expect(events).toContain('opened after 2');
    expect(store.operations.filter((operation) => operation === 'putLocked')).toHaveLength(2);
  });

  it('finds its place from the bucket when the state is lost or was set by hand', async () => {
    const log = await seal(6);
    topic.append(...objects(log.slice(0, 4)));
    const [first] = start();
    await happens('committed 3');
    await first.stop();
    topic.state = { offset: 4, metadata: '' };
    topic.append(...objects(log.slice(4)));
    start();
    await happens('committed 5');
    expect(events).toEqual(
      expect.arrayContaining(['found 0', 'found 3', 'written 4', 'written 5']),
    );
    expectKept(log);
  });

  it('passes over what is not ours; only a batch moves the place past it', async () => {
    const log = await seal(2);
    const [first, second] = objects(log) as [Buffer, Buffer];
    topic.append(first, Buffer.from('garbage'), null);
    const [partition] = start();
    await happens('NOT_OURS at 2');
    expect(events).toContain('NOT_OURS at 1');
    await happens('committed 0');
    expect(topic.state?.offset).toBe(1);
    expect(lag).toBe(0);
    await partition.stop();
    events.length = 0;
    topic.append(second);
    start();
    await happens('committed 1');
    expect(events.slice(0, 3)).toEqual(['opened after 0', 'NOT_OURS at 1', 'NOT_OURS at 2']);
    expect(topic.state?.offset).toBe(4);
  });

  it('passes over what was written outside a transaction, though it is a batch of ours', async () => {
    const log = (await seal(3)) as [SealedBatch, SealedBatch, SealedBatch];
    const aborted = await seal(2, { head: log[1].head, text: 'sealed again' });
    topic.append(log[0].object, log[1].object);
    topic.appendForeign(...objects([log[0], ...aborted]));
    topic.append(log[2].object);
    start();
    await happens('committed 2');
    for (const offset of [2, 3, 4]) expect(events).toContain(`NOT_OURS at ${offset}`);
    expectKept(log);
    expect(place().batch).toBe(2);
  });

  it('skips nothing when it is given the wrong keys', async () => {
    const log = await seal(3);
    topic.append(...objects(log));
    const [blind] = start({ keys: keysOf(newSigner()) });
    await happens('NOT_OURS at 2');
    await blind.stop();
    expect(topic.state).toBeNull();
    start();
    await happens('committed 2');
    expectKept(log);
  });

  it('passes a repeat as done, also an old one, and writes nothing', async () => {
    const log = await seal(3);
    topic.append(...objects(log));
    topic.append(...objects([log[2], log[0], log[1]] as SealedBatch[]));
    start();
    await happens('repeat 1');
    expect(events.filter((event) => event.startsWith('repeat'))).toEqual([
      'repeat 2',
      'repeat 0',
      'repeat 1',
    ]);
    expectKept(log);
    await eventually(() => expect(lag).toBe(0));
  });

  it('passes an old batch as done that bears a signature line of a stranger besides', async () => {
    const log = await seal(3);
    const [first] = log as [SealedBatch];
    topic.append(...objects(log), withStrangersLine(first.object));
    start();
    await happens('repeat 0');
    expectKept(log);
  });

  it('passes an old batch as done that has expired and left the bucket', async () => {
    const log = await seal(3);
    const [first] = log as [SealedBatch];
    topic.append(...objects(log));
    const clock = {
      now: () => now,
      wait: (_: number, signal: AbortSignal) =>
        new Promise<void>((_, no) => signal.addEventListener('abort', no)),
    };
    let now = NOW;
    start({ clock });
    await happens('committed 2');
    now = first.header.retainUntil;
    store.versions.delete(objectKey('', first.header));
    topic.append(first.object);
    await happens('repeat 0');
  });

  it('is paused above its limit of bytes and flows again below', async () => {
    const log = await seal(24, { size: 900_000 });
    holdPuts();
    topic.append(...objects(log));
    const [, consumer] = start();
    await onTheirWay(4);
    expect(consumer.isPaused).toBe(true);
    const fetched = objects(log.slice(0, consumer.position)).reduce((sum, o) => sum + o.length, 0);
    expect(fetched).toBeLessThan(MAX_WAITING_BYTES + 3_000_000);
    letAllGo();
    await happens('committed 23');
    expect(consumer.isPaused).toBe(false);
    expectKept(log);
  });
});

describe('a partition whose batches are not in the topic any more', () => {
  it('goes on when they were filled into the bucket from another region', async () => {
    const log = await seal(6);
    topic.append(...objects([...log.slice(0, 2), ...log.slice(4)]));
    start();
    await happens('stopped: GAP');
    for (const { object, header } of log.slice(2, 5)) {
      store.plant(objectKey('', header), object, 'COMPLIANCE', header.retainUntil);
    }
    start();
    await happens('committed 5');
    expectKept(log);
    expect(alerts).toEqual([]);
  });
});

describe('a partition stops with an alarm', () => {
  it.each([
    ['GAP', async (log: SealedBatch[]) => [...log.slice(0, 2), ...log.slice(3)]],
    [
      'FORK',
      async (log: SealedBatch[]) => [
        ...log.slice(0, 2),
        ...(await seal(3, { text: 'other' })).slice(2),
      ],
    ],
    [
      'FORK',
      async (log: SealedBatch[]) => [
        ...log.slice(0, 2),
        ...(await seal(2, { text: 'other' })).slice(1),
      ],
    ],
    [
      'RETENTION_TOO_LONG',
      async (log: SealedBatch[]) => [
        ...log.slice(0, 2),
        ...(await seal(1, { head: (log[1] as SealedBatch).head, retention: 367 * DAY })),
      ],
    ],
    [
      'KEY_REFUSED',
      async (log: SealedBatch[]) => [
        ...log.slice(0, 2),
        ...(await seal(1, { head: (log[1] as SealedBatch).head, keys: { signer: retired } })),
      ],
    ],
  ])('at a %s, once all before it is committed, and each time it is opened', async (code, make) => {
    const log = await seal(5);
    topic.append(...objects(await make(log)));
    const both = keysOf((await import('./testing/sealed-log.ts')).signer, retired);
    const [partition, consumer] = start({ keys: both });
    await happens(`stopped: ${code}`);
    await partition.ended;
    expect(place().batch).toBe(1);
    expect(consumer.isPaused).toBe(true);
    expect(store.versions.size).toBe(2);
    events.length = 0;
    start({ keys: both });
    await happens(`stopped: ${code}`);
    expect(store.versions.size).toBe(2);
  });

  it('when the store does not keep what it is given, with what came before it committed', async () => {
    const log = await seal(3);
    topic.append(...objects(log.slice(0, 2)));
    start();
    await happens('committed 1');
    store.cheat = (version) => Object.assign(version, { mode: null });
    topic.append(...objects(log.slice(2)));
    await happens('stopped: NOT_KEPT');
    expect(place().batch).toBe(1);
  });

  it('when the topic ends before its place', async () => {
    topic.append(...objects(await seal(3)));
    const [first] = start();
    await happens('committed 2');
    await first.stop();
    topic.values.length = 1;
    start();
    await happens('stopped: TOPIC_RECREATED');
  });

  it('when the topic was begun anew beside an archived history', async () => {
    topic.append(...objects(await seal(3, { now: NOW - DAY })));
    const [first] = start();
    await happens('committed 2');
    await first.stop();
    topic = new MemoryTopic();
    topic.append(...objects(await seal(3)));
    start();
    await happens('stopped: FORK');
    expect(store.versions.size).toBe(3);
  });
});

const retired = newSigner();

describe('a partition that loses its way', () => {
  it('asks again when fetches jump over dropped records, and finds the gap', async () => {
    const log = await seal(8);
    topic.append(...objects(log.slice(0, 2)));
    const [, consumer] = start();
    await happens('committed 1');
    consumer.pause();
    topic.append(...objects(log.slice(2)));
    topic.start = 5;
    consumer.resume();
    await happens('stopped: GAP');
    expect(place().batch).toBe(1);
  });

  it('ignores a fetch from before its seek', async () => {
    const log = await seal(4);
    topic.append(...objects(log));
    const [partition] = start();
    await happens('committed 3');
    const stale = {
      offset: 1,
      timestamp: 0,
      inTransaction: true,
      key: null,
      headers: [],
      value: log[1]?.object ?? null,
    };
    partition.take({ partition: 0, fetchedOffset: 1, end: 2, highWatermark: 4, records: [stale] });
    topic.append(...objects(await seal(1, { head: (log[3] as SealedBatch).head })));
    await happens('committed 4');
    expect(events.filter((event) => event.startsWith('repeat'))).toEqual([]);
  });

  it('opens again at a heartbeat after Kafka failed', async () => {
    const log = await seal(3);
    topic.interfere = () => {
      topic.interfere = () => {};
      throw new Error('no broker');
    };
    topic.append(...objects(log));
    const [partition] = start();
    await happens('failed: no broker');
    partition.heartbeat();
    await happens('committed 2');
    expectKept(log);
  });

  it('can commit no more when another has taken over', async () => {
    const log = await seal(4);
    topic.append(...objects(log.slice(0, 2)));
    const [, mine] = start();
    await happens('committed 1');
    mine.pause();
    start();
    await happens('opened after 1');
    mine.resume();
    topic.append(...objects(log.slice(2)));
    await happens('failed: fenced');
    await eventually(() => expect(place().batch).toBe(3));
    expectKept(log);
  });

  it('finishes and commits what is on its way when it is stopped', async () => {
    const log = await seal(3);
    holdPuts();
    topic.append(...objects(log));
    const [partition] = start();
    await onTheirWay(3);
    const stopped = partition.stop();
    letAllGo();
    await stopped;
    expect(place().batch).toBe(2);
  });

  it('does not wait for S3 to come back when it is stopped', async () => {
    store.fail('putLocked', ...Array<'before'>(9).fill('before'));
    topic.append(...objects(await seal(1)));
    const [partition] = start();
    await eventually(() => expect(store.operations).toContain('putLocked'));
    await partition.stop();
    expect(place().batch).toBe(-1);
  });
});

describe('a crash', () => {
  it('after any operation on S3 or Kafka leaves each batch archived once, in order', async () => {
    const log = await seal(6);
    let survived = false;
    for (let fatal = 1; !survived; fatal += 1) {
      topic = new MemoryTopic();
      store = new MemoryStore();
      events.length = 0;
      topic.append(...objects(log));
      let operations = 0;
      let crash = () => {};
      const step = () => {
        operations += 1;
        if (operations < fatal) return;
        crash();
        throw new Error('crashed');
      };
      const [first, consumer] = start();
      crash = () => {
        consumer.isDead = true;
      };
      store.interfere = step;
      topic.interfere = step;
      await eventually(() => expect(consumer.isDead || events.includes('committed 5')).toBe(true));
      survived = !consumer.isDead;
      await first.stop();
      store.interfere = () => {};
      topic.interfere = () => {};
      const [second] = start();
      await eventually(() => expect(place()?.batch).toBe(5));
      await second.stop();
      expectKept(log);
    }
  });
});
