import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCodec } from './codec.ts';
import { compileEntrySchemas, ENTRY_SCHEMA_TEXT, RELEASED_ENTRY_SCHEMAS } from './entry.ts';
import { parseSchema } from './schema.ts';
import { Sink } from './sink.ts';
import { arbitraryValue } from './testing/arbitrary.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');
const [CURRENT] = compileEntrySchemas([ENTRY_SCHEMA_TEXT]).slice(-1);
if (CURRENT === undefined) throw new Error('no entry schema');
const { read, skip } = CURRENT;

function encode(entry: unknown, text = ENTRY_SCHEMA_TEXT): Buffer {
  const out = new Sink(64);
  compileCodec(text).write(entry, out);
  return out.written();
}

const entry = {
  index: 7,
  offset: 9,
  timestamp: 1_700_000_000_000,
  key: Buffer.from('web/1'),
  headers: [{ key: 'authseal-sequence', value: Buffer.from('0') }],
  problem: 'UNKNOWN_SCHEMA',
  raw: { schema: Buffer.alloc(8, 0xfe), value: Buffer.from('x') },
  event: null,
};

describe('the schema of an entry', () => {
  it('is found by the SHA-256 of its text', () => {
    expect(RELEASED_ENTRY_SCHEMAS.get(sha256(ENTRY_SCHEMA_TEXT))?.text).toBe(ENTRY_SCHEMA_TEXT);
    for (const [hash, { text }] of RELEASED_ENTRY_SCHEMAS) expect(sha256(text)).toBe(hash);
  });

  it('is archived without doc, white space and attributes of our own', () => {
    expect(JSON.stringify(JSON.parse(ENTRY_SCHEMA_TEXT))).toBe(ENTRY_SCHEMA_TEXT);
    expect(ENTRY_SCHEMA_TEXT).not.toMatch(/"(doc|kinds)":/);
    expect(ENTRY_SCHEMA_TEXT).toContain('"logicalType":"timestamp-micros"');
  });

  it('has the fields of the format in their order, the event last', () => {
    const names = JSON.parse(ENTRY_SCHEMA_TEXT).fields.map(({ name }: { name: string }) => name);
    expect(names.join(' ')).toBe('index offset timestamp key headers problem raw event');
  });
});

describe('an entry', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(arbitraryValue(parseSchema(ENTRY_SCHEMA_TEXT)), (value) => {
        expect(read(encode(value))).toEqual(value);
      }),
    );
    expect(read(encode(entry))).toEqual(entry);
  });

  it('keeps nothing of the bytes it was read from', () => {
    const bytes = encode(entry);
    const { key } = read(bytes);
    bytes.fill(0);
    expect(key).toEqual(entry.key);
  });

  it('ends where the next begins, with an event or without', () => {
    fc.assert(
      fc.property(fc.array(arbitraryValue(parseSchema(ENTRY_SCHEMA_TEXT))), (values) => {
        const entries = values.map((value) => encode(value));
        const block = Buffer.concat(entries);
        let pos = 0;
        for (const { length } of entries) {
          expect(skip(block, pos)).toBe(pos + length);
          pos += length;
        }
        expect(skip(block, pos)).toBe(-1);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['an index that is not the shortest varint', '8e00 12', '0e 12'],
    ['headers with their byte size', '01 28', '02'],
    ['a union index of raw that is not the shortest', '8200 02 fefefefe', '02 02 fefefefe'],
    ['a key of negative length', '02 01', '02 0a'],
  ])('is refused with %s', (_, bad, good) => {
    const bytes = encode(entry).toString('hex');
    const changed = bytes.replace(good.replaceAll(' ', ''), bad.replaceAll(' ', ''));
    expect(changed).not.toBe(bytes);
    const buf = Buffer.from(changed, 'hex');
    expect(skip(buf, 0)).toBe(-1);
    expect(() => read(buf)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  it('is refused when cut short or followed by other bytes', () => {
    const bytes = encode(entry);
    const malformed = expect.objectContaining({ code: 'MALFORMED' });
    expect(skip(bytes.subarray(0, -1), 0)).toBe(-1);
    expect(() => read(bytes.subarray(0, -1))).toThrow(malformed);
    expect(() => read(Buffer.concat([bytes, bytes]))).toThrow(malformed);
  });

  it('of an older released schema is read as the current one', () => {
    const schema = JSON.parse(ENTRY_SCHEMA_TEXT);
    const older = JSON.stringify({
      ...schema,
      fields: schema.fields.filter(({ name }: { name: string }) => name !== 'headers'),
    });
    const { headers: _, ...without } = entry;
    const bytes = encode(without, older);
    const [first] = compileEntrySchemas([older, ENTRY_SCHEMA_TEXT]);
    expect(first?.skip(bytes, 0)).toBe(bytes.length);
    expect(first?.read(bytes)).toEqual({ ...entry, headers: [] });
  });
});
