import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AUTH_EVENT_FINGERPRINT, classifyValue, encodeEvent, readEventBody } from './auth-event.ts';
import { compileClassify } from './classify.ts';
import type { AuthEvent } from './generated/auth-event.ts';
import { AUTH_EVENT_SCHEMA_TEXTS } from './generated/schema-texts.ts';
import { MAX_VALUE_BYTES } from './limits.ts';
import { parseSchema } from './schema.ts';
import { singleObjectHeader } from './single-object.ts';
import { arbitraryEvent } from './testing/arbitrary.ts';
import { writeInBlocks } from './testing/blocks.ts';
import { loginSucceeded } from './testing/events.ts';

const CURRENT = AUTH_EVENT_SCHEMA_TEXTS.at(-1) as string;
const SCHEMA = parseSchema(CURRENT);
const HEADER = singleObjectHeader(CURRENT);
const value = encodeEvent({ ...loginSucceeded, attributes: { b: '1', a: '2' } });

/** A value whose map has its keys in an order that a JavaScript object would not keep. */
function withIntegerKeys(value: Buffer): Buffer {
  const renamed = Buffer.from(value);
  const at = value.indexOf('\x02b\x021\x02a\x022');
  renamed.write('\x022\x021\x021\x022', at);
  return renamed;
}

/** The same event with its map in two blocks, the first with its byte size. */
function inBlocks(value: Buffer): Buffer {
  const at = value.indexOf('\x04\x02b\x021\x02a\x022\x00');
  const map = '\x01\x08\x02b\x021\x02\x02a\x022\x00';
  return Buffer.concat([
    value.subarray(0, at),
    Buffer.from(map, 'latin1'),
    value.subarray(at + 10),
  ]);
}

describe('the table of classification', () => {
  it('line 1: null is NULL_VALUE', () => {
    expect(classifyValue(null)).toEqual({ problem: 'NULL_VALUE', raw: null, event: null });
  });

  it('line 2: a canonical event stands as it is, without a copy', () => {
    const { problem, raw, event } = classifyValue(value);
    expect({ problem, raw }).toEqual({ problem: null, raw: null });
    expect(event).toEqual(value.subarray(10));
    expect(event?.buffer).toBe(value.buffer);
    expect(event?.byteOffset).toBe(value.byteOffset + 10);
  });

  it('line 3: an event in several blocks is re-encoded, and its value kept', () => {
    const blocks = inBlocks(value);
    expect(blocks.length).toBe(value.length + 2);
    expect(classifyValue(blocks)).toEqual({
      problem: null,
      raw: { schema: AUTH_EVENT_FINGERPRINT, value: blocks },
      event: value.subarray(10),
    });
  });

  it('line 3: the order of a map is kept, also of keys that look like integers', () => {
    const canonical = withIntegerKeys(value);
    const at = inBlocks(value).indexOf('\x01\x08\x02b');
    const blocks = inBlocks(value);
    blocks.write('\x01\x08\x022\x021\x02\x021\x022', at);
    expect(classifyValue(blocks).event).toEqual(canonical.subarray(10));
  });

  it('line 3: any event written by another encoder is the event', () => {
    fc.assert(
      fc.property(arbitraryEvent, fc.infiniteStream(fc.nat()), (event: AuthEvent, choices) => {
        const body = writeInBlocks(SCHEMA, event, (below) => choices.next().value % below);
        const classified = classifyValue(Buffer.concat([HEADER, body]));
        expect(classified.problem).toBeNull();
        expect(readEventBody(classified.event as Buffer)).toEqual(event);
      }),
    );
  });

  it.each([
    ['cut short', value.subarray(0, -1)],
    ['without a body', HEADER],
    ['with a byte left over', Buffer.concat([value, Buffer.alloc(1)])],
    [
      'with a key repeated across blocks',
      (() => {
        const blocks = inBlocks(value);
        blocks.write('b', blocks.indexOf('\x02a\x022') + 1);
        return blocks;
      })(),
    ],
    [
      'with a wrong byte size',
      (() => {
        const blocks = inBlocks(value);
        blocks.write('\x06', blocks.indexOf('\x01\x08\x02b') + 1);
        return blocks;
      })(),
    ],
  ])('line 4: an event %s is MALFORMED', (_, bytes) => {
    expect(classifyValue(bytes)).toEqual({
      problem: 'MALFORMED',
      raw: { schema: AUTH_EVENT_FINGERPRINT, value: bytes },
      event: null,
    });
  });

  it('line 4: a value above 1 MiB is MALFORMED, whatever it holds', () => {
    const length = MAX_VALUE_BYTES - encodeEvent({ ...loginSucceeded, reason: '' }).length - 2;
    const largest = encodeEvent({ ...loginSucceeded, reason: 'a'.repeat(length) });
    expect(largest.length).toBe(MAX_VALUE_BYTES);
    expect(classifyValue(largest).problem).toBeNull();
    const reason = largest.indexOf('aaaa');
    const longer = Buffer.concat([
      largest.subarray(0, reason),
      Buffer.from('a'),
      largest.subarray(reason),
    ]);
    longer.writeUInt8(longer.readUInt8(reason - 3) + 2, reason - 3); // its length, one more
    expect(classifyValue(longer).problem).toBe('MALFORMED');
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['framed as Confluent does', Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), value.subarray(10)])],
    ['JSON', Buffer.from('{"id":1}')],
    ['shorter than its header', value.subarray(0, 9)],
    [
      'of an unknown fingerprint',
      Buffer.concat([Buffer.from('c3010000000000000000', 'hex'), value.subarray(10)]),
    ],
    ['of another marker', Buffer.concat([Buffer.from('c300', 'hex'), value.subarray(2)])],
    ['of an archive entry', Buffer.concat([Buffer.from('c301', 'hex'), Buffer.alloc(100, 7)])],
  ])('line 5: a value that is %s is UNKNOWN_SCHEMA', (_, bytes) => {
    expect(classifyValue(bytes)).toEqual({
      problem: 'UNKNOWN_SCHEMA',
      raw: { schema: null, value: bytes },
      event: null,
    });
  });

  it('holds for any bytes: an event is canonical, a value is never lost', () => {
    const mutated = fc
      .tuple(arbitraryEvent, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }))
      .map(([event, at, patch]) => {
        const bytes = encodeEvent(event);
        bytes.set(patch, at % (bytes.length - 3));
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array()), (array) => {
        const bytes = Buffer.from(array);
        const { problem, raw, event } = classifyValue(bytes);
        expect(event === null).toBe(problem !== null);
        if (event !== null) readEventBody(event);
        const kept = raw === null ? Buffer.concat([HEADER, event as Buffer]) : raw.value;
        expect(kept).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('an event of an older released schema', () => {
  const schema = JSON.parse(CURRENT);
  const older = JSON.stringify({
    ...schema,
    fields: schema.fields.filter(({ name }: { name: string }) => name !== 'sourceId'),
  });
  const classify = compileClassify([older, CURRENT]);
  const header = singleObjectHeader(older);

  /** `value` as the older schema had it: without the byte of sourceId, a null before attributes. */
  function asOlder(value: Buffer): Buffer {
    const at = value.indexOf('\x04\x02');
    return Buffer.concat([header, value.subarray(10, at - 1), value.subarray(at)]);
  }

  it('is brought to the current schema, map order kept, and its value kept', () => {
    const canonical = withIntegerKeys(value);
    const bytes = asOlder(canonical);
    expect(classify(bytes)).toEqual({
      problem: null,
      raw: { schema: header.subarray(2), value: bytes },
      event: canonical.subarray(10),
    });
  });

  it('may stand in several blocks', () => {
    const at = value.indexOf('\x04\x02b');
    const blocks = inBlocks(value);
    const bytes = Buffer.concat([header, blocks.subarray(10, at - 1), blocks.subarray(at)]);
    expect(classify(bytes).event).toEqual(value.subarray(10));
  });

  it('is MALFORMED when it is not of that schema', () => {
    const bytes = asOlder(value).subarray(0, -1);
    expect(classify(bytes)).toEqual({
      problem: 'MALFORMED',
      raw: { schema: header.subarray(2), value: bytes },
      event: null,
    });
  });

  it('is UNKNOWN_SCHEMA to a version that never released it', () => {
    expect(classifyValue(asOlder(value)).problem).toBe('UNKNOWN_SCHEMA');
  });
});
