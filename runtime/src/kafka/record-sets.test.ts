/** Record sets made by hand; test/conformance/record-sets.test.ts has a real broker's. */
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeMessages, type Message } from './record-sets.ts';

const Decoder = createRequire(import.meta.url)('kafkajs/src/protocol/decoder');

/** Length 6 · attributes · timestamp delta · offset delta 0 · no key · no value · no headers. */
const EMPTY_RECORD = Buffer.from([12, 0, 0, 0, 1, 1, 0]);

type Parts = { offset?: number; count?: number; attributes?: number; records?: Buffer };

function recordSet({ offset = 0, count = 1, attributes = 0, records = EMPTY_RECORD }: Parts) {
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(BigInt(offset), 0);
  head.writeInt32BE(49 + records.length, 8);
  head.writeInt8(2, 16);
  head.writeInt16BE(attributes, 21);
  head.writeInt32BE(count - 1, 23);
  head.writeInt32BE(count, 57);
  return Buffer.concat([head, records]);
}

function decode(...sets: Buffer[]): Message[] {
  const size = Buffer.alloc(4);
  size.writeInt32BE(Buffer.concat(sets).length);
  return decodeMessages(new Decoder(Buffer.concat([size, ...sets])));
}

const undecodableOf = (messages: Message[]) => messages.at(-1)?.undecodable;

describe('the record sets of a fetch', () => {
  it('are read one after the other, up to the one that the fetch has cut', () => {
    const cut = recordSet({ offset: 2 }).subarray(0, -1);
    const messages = decode(recordSet({}), recordSet({ offset: 1 }), cut);
    expect(messages.map(({ offset }) => offset)).toEqual(['0', '1']);
  });

  it('may hold as many records as fit', () => {
    const count = 149_000;
    const records = Buffer.concat(Array.from({ length: count }, () => EMPTY_RECORD));
    expect(decode(recordSet({ count, records })).length).toBe(count);
  });

  it('are none in an empty answer', () => {
    expect(decode()).toEqual([]);
  });
});

describe('a record set that cannot be read', () => {
  it('ends the answer, and says from where to where and why', () => {
    const wrong = recordSet({
      offset: 5,
      count: 3,
      attributes: 1,
      records: Buffer.from('no gzip'),
    });
    const messages = decode(recordSet({ offset: 4 }), wrong, recordSet({ offset: 8 }));
    expect(messages.map(({ offset }) => offset)).toEqual(['4', '7']);
    expect(undecodableOf(messages)).toMatchObject({ from: 5, to: 8, compression: 'gzip' });
    expect(undecodableOf(messages)?.reason).not.toBe('');
  });

  it.each([
    ['an unknown compression', { attributes: 5 }, /unknown/],
    ['fewer records than it says', { count: 2 }, /record 2 of 2/],
    ['a record beyond its end', { records: EMPTY_RECORD.subarray(0, -1) }, /beyond/],
    [
      'headers beyond the end of a record',
      { records: Buffer.from([12, 0, 0, 0, 1, 1, 0x7e]) },
      /beyond/,
    ],
    [
      'headers whose lengths lead back to themselves',
      { records: Buffer.from([28, 0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 1, 3, 1, 3]) },
      /no name|beyond/,
    ],
    ['fewer than no headers', { records: Buffer.from([12, 0, 0, 0, 1, 1, 1]) }, /-1 headers/],
    [
      'a record that ends before its length',
      { records: Buffer.from([14, 0, 0, 0, 1, 1, 0, 0]) },
      /left over/,
    ],
    ['more records than it says', { count: 0 }, /after record 0 of 0/],
    ['fewer than no records', { count: -1 }, /-1 records/],
    [
      'more records than memory is kept for',
      { attributes: 1, count: 200_001, records: gzipSync(EMPTY_RECORD) },
      /200001 records/,
    ],
  ])('is one with %s', (_, parts, reason) => {
    expect(undecodableOf(decode(recordSet(parts)))?.reason).toMatch(reason);
  });

  it('is one that is shorter than its own head', () => {
    const short = recordSet({ offset: 7 });
    short.writeInt32BE(0, 8);
    expect(undecodableOf(decode(short))).toMatchObject({
      from: 7,
      reason: 'it is shorter than its head',
    });
  });

  it('is one of another format', () => {
    const old = recordSet({});
    old.writeInt8(1, 16);
    expect(undecodableOf(decode(old))?.reason).toMatch('its format is 1');
  });
});
