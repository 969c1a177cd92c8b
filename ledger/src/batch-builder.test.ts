import { describe, expect, it } from 'vitest';
import { readBatch } from './batch.ts';
import { BatchBuilder } from './batch-builder.ts';
import { readContainer } from './container.ts';
import { recordHash } from './entry.ts';
import { checkpointSigners, parseKeys } from './keys.ts';
import { MAX_BATCH_COUNT, MAX_BATCH_ENTRIES_BYTES, MAX_ENTRY } from './limits.ts';
import { chainFault, newLog } from './log-head.ts';
import { codeOf } from './testing/failure.ts';
import { testSigner, vkeyOf } from './testing/keys.ts';
import {
  eventValue,
  MIXED,
  ORIGIN,
  record,
  SIGNER,
  sealLog,
  sealRecords,
  TERMS,
} from './testing/records.ts';

const builder = (): BatchBuilder => new BatchBuilder(newLog(ORIGIN));
const KEYS = { signer: SIGNER };

describe('sealing', () => {
  it('gives a batch that reads back, in either codec', async () => {
    for (const codec of ['null', 'zstandard'] as const) {
      const { object, header, head } = await sealRecords(newLog(ORIGIN), MIXED, { codec });
      const batch = readBatch(object);
      expect(batch.header).toEqual(header);
      expect(batch.head).toEqual(head);
      expect(batch.codec).toBe(codec);
      expect(header.count).toBe(MIXED.length);
      expect(header.problems).toEqual({ NULL_VALUE: 1, MALFORMED: 1, UNKNOWN_SCHEMA: 3 });
      expect([...batch.entries()].map(({ offset }) => offset)).toEqual(
        MIXED.map(({ offset }) => offset),
      );
    }
  });

  it('gives the same bytes for the same records, terms and key', async () => {
    const objects = await Promise.all(
      [1, 2].map(() => sealRecords(newLog(ORIGIN), MIXED, { codec: 'null' })),
    );
    expect(objects[0]?.object.equals(objects[1]?.object as Buffer)).toBe(true);
  });

  it('hashes the block in the header with codec zstandard, and only there', async () => {
    const { header: compressed } = await sealRecords(newLog(ORIGIN), MIXED);
    const { header: plain } = await sealRecords(newLog(ORIGIN), MIXED, { codec: 'null' });
    const { header: empty } = await sealRecords(newLog(ORIGIN), []);
    expect(compressed.block).toBeDefined();
    expect([plain.block, empty.block]).toEqual([undefined, undefined]);
  });

  it('of silence gives a heartbeat', async () => {
    const { object, header, head } = await builder().seal(TERMS, KEYS);
    expect(header).toMatchObject({ count: 0, offsets: { from: 0, to: 0 }, entries: [] });
    expect(head.range.end).toBe(1);
    expect(readBatch(object).header).toEqual(header);
  });

  it('holds a clock that runs back, and rounds retention up to a second', async () => {
    const first = await sealRecords(newLog(ORIGIN), [], { now: 10_500, retention: 1 });
    expect(first.header).toMatchObject({ sealedAt: 10_500, retainUntil: 11_000 });
    const second = await sealRecords(first.head, [], { now: 5, retention: 0 });
    expect(second.header).toMatchObject({ sealedAt: 10_500, retainUntil: 11_000 });
    const third = await sealRecords(second.head, [], { now: 11_001, retention: 0 });
    expect(third.header).toMatchObject({ sealedAt: 11_001, retainUntil: 12_000 });
    const whole = await sealRecords(third.head, [], { now: 13_000, retention: 0 });
    expect(whole.header.retainUntil).toBe(13_000);
  });

  it('never lets retention run back within a log', async () => {
    const [first] = await sealLog([[]], { retention: 1_000_000 });
    const next = await sealRecords(first?.head ?? newLog(ORIGIN), [], { retention: 0 });
    expect(next.header.retainUntil).toBe(first?.header.retainUntil);
  });

  it('signs a rotation with both keys, and with the new one alone when the old one is lost', async () => {
    const next = testSigner('next');
    const keys = parseKeys([SIGNER, next].map((signer) => vkeyOf('prod', signer)).join('\n'));
    const signersOf = (object: Buffer) => checkpointSigners(readBatch(object).note, ORIGIN, keys);
    const both = await builder().seal(TERMS, { signer: SIGNER, next });
    expect(both.header.rotation).toEqual({ next: vkeyOf('prod', next) });
    expect(signersOf(both.object)).toEqual([0, 1]);
    const alone = await builder().seal(TERMS, { signer: next, next });
    expect(alone.header.rotation).toEqual({ next: vkeyOf('prod', next) });
    expect(signersOf(alone.object)).toEqual([1]);
    expect(readBatch(alone.object).note.toString().match(/^— /gm)).toHaveLength(1);
  });

  it('refuses terms that make a header which no reader would take', async () => {
    for (const terms of [
      { now: 0.5 },
      { now: Number.NaN },
      { retention: -1_000_000_000 },
      { retention: Number.POSITIVE_INFINITY },
      { heartbeat: 0 },
      { partitions: 0 },
      { partitions: 0.5 },
    ]) {
      await expect(sealRecords(newLog(ORIGIN), [], terms)).rejects.toMatchObject({
        code: 'OUT_OF_RANGE',
      });
    }
    await expect(sealRecords(newLog('no origin'), [])).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
  });

  it('is the end: nothing is added to a sealed batch, nor to a closed log', async () => {
    const sealed = builder();
    const sealing = sealed.seal({ ...TERMS, heartbeat: null }, KEYS);
    expect(codeOf(() => sealed.append(record(0, null)))).toBe('OUT_OF_RANGE');
    expect(codeOf(() => sealed.skipTo(1))).toBe('OUT_OF_RANGE');
    expect(codeOf(() => sealed.lose(1))).toBe('OUT_OF_RANGE');
    const { head } = await sealing;
    expect(codeOf(() => new BatchBuilder(head))).toBe('OUT_OF_RANGE');
  });
});

describe('the batch after another', () => {
  it('takes records before that one is sealed, and continues the log once it is', async () => {
    const first = builder();
    for (const each of [record(0, eventValue(0)), record(2, null)]) first.append(each);
    const second = first.next();
    expect(codeOf(() => first.append(record(3, null)))).toBe('OUT_OF_RANGE');
    for (const each of [record(3, null), record(4, eventValue(4))]) second.append(each);
    const third = second.next();
    third.append(record(9, eventValue(9)));
    const log = [
      await first.seal(TERMS, KEYS),
      await second.seal(TERMS, KEYS),
      await third.seal(TERMS, KEYS),
    ];
    let head = newLog(ORIGIN);
    for (const { object, header } of log) {
      expect(chainFault(head, header)).toBeNull();
      head = readBatch(object).head;
    }
    expect(log.map(({ header }) => header.count)).toEqual([2, 2, 1]);
  });

  it('is the same as one that begins with the sealed head', async () => {
    const first = builder();
    const second = first.next();
    const { head } = await first.seal(TERMS, KEYS);
    const apart = new BatchBuilder(head);
    for (const batch of [second, apart]) batch.append(record(0, eventValue(0)));
    const [one, other] = [await second.seal(TERMS, KEYS), await apart.seal(TERMS, KEYS)];
    expect(one.object.equals(other.object)).toBe(true);
  });

  it('is not sealed before that one, nor after the last batch of a log', async () => {
    const first = builder();
    const second = first.next();
    expect(codeOf(() => first.next())).toBe('OUT_OF_RANGE');
    await expect(second.seal(TERMS, KEYS)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    const last = builder();
    const after = last.next();
    await last.seal({ ...TERMS, heartbeat: null }, KEYS);
    await expect(after.seal(TERMS, KEYS)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });

  it('writes into the memory of the one before that, and harms it not', async () => {
    const objects: Buffer[] = [];
    const copies: Buffer[] = [];
    let batch = builder();
    for (let i = 0; i < 5; i += 1) {
      batch.append(record(i, Buffer.alloc(100_000, i)));
      const next = batch.next();
      const { object } = await batch.seal({ ...TERMS, codec: 'null' }, KEYS);
      objects.push(object);
      copies.push(Buffer.from(object));
      batch = next;
    }
    expect(objects.every((object, i) => object.equals(copies[i] as Buffer))).toBe(true);
    for (const object of objects) expect(readBatch(object).header.count).toBe(1);
  });
});

describe('a batch being built', () => {
  it('knows its next offset and the last record', () => {
    const batch = builder();
    expect(batch.last).toBeNull();
    expect(batch.append(record(3, eventValue(3)))).toBe(true);
    expect(batch).toMatchObject({ offset: 4, count: 1 });
    const { timestamp, value } = record(3, eventValue(3));
    expect(batch.last).toEqual({ offset: 3, hash: recordHash(timestamp, value) });
  });

  it('takes offsets only in order', () => {
    const batch = builder();
    batch.append(record(3, null));
    for (const offset of [-1, 0, 3, 3.5, Number.NaN, Number.MAX_SAFE_INTEGER, 2 ** 60]) {
      expect(codeOf(() => batch.append(record(offset, null)))).toBe('OUT_OF_RANGE');
    }
    expect(batch.count).toBe(1);
    expect(batch.append(record(4, null))).toBe(true);
  });

  it('leaves holes where there was no record, and says what was lost', async () => {
    const batch = builder();
    batch.skipTo(2);
    batch.append(record(2, null));
    batch.lose(7);
    batch.append(record(9, null));
    batch.skipTo(12);
    batch.skipTo(1);
    const { object, header } = await batch.seal(TERMS, KEYS);
    expect(header).toMatchObject({
      offsets: { from: 0, to: 12 },
      lost: [{ from: 3, to: 7 }],
      count: 2,
    });
    expect(readBatch(object).header).toEqual(header);
  });

  it('loses nothing that is nothing', () => {
    for (const to of [0, -1, Number.NaN]) {
      expect(codeOf(() => builder().lose(to))).toBe('OUT_OF_RANGE');
    }
  });

  it('is full at 20,000 entries', async () => {
    const batch = builder();
    for (let i = 0; i < MAX_BATCH_COUNT; i += 1) expect(batch.append(record(i, null))).toBe(true);
    expect(batch.append(record(MAX_BATCH_COUNT, null))).toBe(false);
    const { object, head } = await batch.seal(TERMS, KEYS);
    expect(readBatch(object).header.count).toBe(MAX_BATCH_COUNT);
    expect(new BatchBuilder(head).append(record(MAX_BATCH_COUNT, null))).toBe(true);
  });

  it('is full before its entries would pass 4 MiB', async () => {
    const batch = builder();
    const value = Buffer.alloc(1_000_000, 1);
    let appended = 0;
    while (batch.append(record(appended, value))) appended += 1;
    expect(appended).toBe(4);
    expect(batch).toMatchObject({ count: 4, offset: 4 });
    expect(batch.size).toBeLessThanOrEqual(MAX_BATCH_ENTRIES_BYTES);
    expect(batch.append(record(4, Buffer.alloc(100_000)))).toBe(true);
    const { object } = await batch.seal({ ...TERMS, codec: 'null' }, KEYS);
    expect(readBatch(object).header.count).toBe(5);
  });

  it('has the size of its entries, 4 MiB and no byte more', async () => {
    const batch = builder();
    expect(batch.size).toBe(0);
    batch.append(record(0, Buffer.alloc(2_000_000)));
    const around = batch.size - 2_000_000;
    const rest = MAX_BATCH_ENTRIES_BYTES - batch.size - around;
    expect(batch.append(record(1, Buffer.alloc(rest + 1)))).toBe(false);
    expect(batch.append(record(1, Buffer.alloc(rest)))).toBe(true);
    expect(batch.size).toBe(MAX_BATCH_ENTRIES_BYTES);
    const { object } = await batch.seal({ ...TERMS, codec: 'null' }, KEYS);
    expect(readContainer(object).block).toHaveLength(MAX_BATCH_ENTRIES_BYTES);
    expect(readBatch(object).header.count).toBe(2);
  });

  it('refuses an entry larger than any reader takes, to the byte', async () => {
    const probe = builder();
    probe.append(record(0, Buffer.alloc(3_200_000)));
    const largest = MAX_ENTRY - (probe.size - 3_200_000);
    const batch = builder();
    const append = (size: number) => batch.append(record(0, Buffer.alloc(size)));
    expect(codeOf(() => append(largest + 1))).toBe('OUT_OF_RANGE');
    expect(() => append(largest + 1)).toThrow(`would have ${MAX_ENTRY + 1} bytes; ${MAX_ENTRY}`);
    expect(append(largest)).toBe(true);
    expect(batch.size).toBe(MAX_ENTRY);
    expect(readBatch((await batch.seal(TERMS, KEYS)).object).header.count).toBe(1);
  });

  it('keeps nothing of a record: its memory may be used again', async () => {
    const value = eventValue(1);
    const batch = builder();
    batch.append(record(0, value));
    value.fill(0);
    const { object } = await batch.seal(TERMS, KEYS);
    const untouched = await sealRecords(newLog(ORIGIN), [record(0, eventValue(1))]);
    expect(object.equals(untouched.object)).toBe(true);
  });
});
