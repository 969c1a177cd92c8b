import { describe, expect, it } from 'vitest';
import { type Batch, readBatch } from './batch.ts';
import type { SourceRecord } from './entry.ts';
import { EntryCursor, entryValueHash, Span } from './entry-view.ts';
import { newLog } from './log-head.ts';
import { sha256Text } from './merkle.ts';
import { eventValue, MIXED, ORIGIN, record, sealRecords } from './testing/records.ts';

const cursor = new EntryCursor();

async function batchOf(records: readonly SourceRecord[]): Promise<Batch> {
  return readBatch((await sealRecords(newLog(ORIGIN), records)).object);
}

describe('a cursor', () => {
  it('finds in every entry what a view of it shows', async () => {
    const batch = await batchOf(MIXED);
    for (const i of MIXED.keys()) {
      batch.moveTo(i, cursor);
      const { index, offset, timestamp, key, headers, problem, raw, event } = batch.entryAt(i);
      expect(cursor).toMatchObject({ index, offset, timestamp, problem });
      expect(cursor.key.of(cursor.bytes)).toEqual(key);
      expect(cursor.headers()).toEqual(headers);
      expect(cursor.rawValue.of(cursor.bytes)).toEqual(raw?.value ?? null);
      expect(cursor.rawSchema.of(cursor.bytes)).toEqual(raw?.schema ?? null);
      expect(cursor.event.of(cursor.bytes)).toEqual(event);
    }
  });

  it('knows the hash of the value as it was sent, whatever it was', async () => {
    const [large, larger] = [100_000, 300_000].map((length) => 'x'.repeat(length));
    const records = [
      ...MIXED,
      record(1000, Buffer.from(larger as string)),
      record(1001, eventValue(1, large)),
      record(1002, eventValue(2, larger)),
      record(1003, eventValue(3)),
    ];
    const batch = await batchOf(records);
    for (const [i, { value }] of records.entries()) {
      batch.moveTo(i, cursor);
      expect(entryValueHash(cursor, batch.eventSchema)).toEqual(value && sha256Text(value));
    }
  });

  it('gives the value of a header that is there once', async () => {
    const value = Buffer.from('7');
    const headers: SourceRecord['headers'] = [
      ['once', value],
      ['twice', value],
      ['twice', value],
      ['null', null],
      ['on', Buffer.from('8')],
    ];
    const batch = await batchOf([{ ...record(0, null), headers }]);
    batch.moveTo(0, cursor);
    const span = new Span();
    const found = ['once', 'twice', 'null', 'on', 'onc', 'once ', 'none'].map((name) => {
      cursor.header(Buffer.from(name), span);
      return span.of(cursor.bytes);
    });
    expect(found).toEqual([value, null, null, Buffer.from('8'), null, null, null]);
  });
});
