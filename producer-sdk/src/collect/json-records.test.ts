import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_DEPTH, MAX_RECORD_BYTES, type RecordText, readJsonRecords } from './json-records.ts';

async function read(text: string | Buffer, chunkBytes = 7): Promise<RecordText[]> {
  const bytes = Buffer.from(text as string);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const records: RecordText[] = [];
  for await (const record of readJsonRecords(chunks(), 'trail.json')) records.push(record);
  return records;
}

const texts = async (text: string) =>
  (await read(text)).map((record) => ('text' in record ? record.text : record.malformed));

describe('the records of a JSON file', () => {
  it('are those of an array, of Records, or objects one after the other', async () => {
    const expected = ['{"a":1}', '{"b":"]}"}'];
    expect(await texts('[{"a":1}, {"b":"]}"}]')).toEqual(expected);
    expect(await texts('{"Records": [{"a":1},{"b":"]}"}]}\n')).toEqual(expected);
    expect(await texts('{"a":1}\n{"b":"]}"}\n')).toEqual(expected);
    expect(await texts('\ufeff[{"a":1},{"b":"]}"}]')).toEqual(expected);
    expect(await texts('{"Records":[{"a":1}]}\n{"Records":[{"b":"]}"}]}')).toEqual(expected);
  });

  it('may be none', async () => {
    for (const text of ['', ' \n', '[]', '{"Records":[]}']) expect(await texts(text)).toEqual([]);
  });

  it('are what JSON.parse finds, wherever the chunks are cut', async () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(
        fc.array(object),
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom(0, 2),
        async (objects, chunkBytes, indent) => {
          for (const text of [
            JSON.stringify(objects, null, indent),
            JSON.stringify({ Records: objects }, null, indent),
            objects.map((each) => JSON.stringify(each)).join('\n'),
          ]) {
            const records = await read(text, chunkBytes);
            const found = records.map((record) => 'text' in record && JSON.parse(record.text));
            expect(found).toEqual(JSON.parse(JSON.stringify(objects)));
            for (const { position } of records) expect(Buffer.from(text)[position]).toBe(0x7b);
          }
        },
      ),
    );
  });

  it('are bounded in size and depth', async () => {
    const long = `[{"a":"${'x'.repeat(MAX_RECORD_BYTES)}"},{"b":1}]`;
    const deep = `[{"a":${'['.repeat(MAX_DEPTH)}${']'.repeat(MAX_DEPTH)}},{"b":1}]`;
    expect((await read(long, 65_536)).map((record) => 'malformed' in record)).toEqual([
      true,
      false,
    ]);
    expect((await read(deep)).map((record) => 'malformed' in record)).toEqual([true, false]);
  });

  it('that are not text are malformed', async () => {
    const bytes = Buffer.concat([Buffer.from('[{"a":"'), Buffer.from([0xff]), Buffer.from('"}]')]);
    expect(await read(bytes)).toEqual([{ position: 1, malformed: 'not text (UTF-8)' }]);
  });

  it('end with an error that names file and byte where they cannot be told apart', async () => {
    for (const [text, message] of [
      ['hello', 'trail.json: byte 0: expected'],
      ['[{"a":1} {"b":1}]', 'trail.json: byte 9: expected'],
      ['[{"a":1},]', 'trail.json: byte 9: expected'],
      ['[42]', 'trail.json: byte 1: expected'],
      [
        '[{"a":1},{"b":',
        'trail.json: byte 14: expected the end of the record that begins at byte 9',
      ],
      ['[{"a":1}', 'trail.json: byte 8: expected the end of the list'],
      ['{"Records":[{"a":1}], "x": 1}', 'trail.json: byte 20: expected'],
    ] as const) {
      await expect(read(text)).rejects.toMatchObject({
        code: 'UNREADABLE_INPUT',
        message: expect.stringContaining(message),
      });
    }
  });

  it('never come to more than an error, whatever the bytes', async () => {
    const token = fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      '"',
      '\\',
      ',',
      ':',
      '{"Records":[',
      ' ',
      '1',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(token), async (tokens) => {
        await read(tokens.join('')).catch((error) => {
          expect(error).toMatchObject({ code: 'UNREADABLE_INPUT' });
        });
      }),
    );
  });
});
