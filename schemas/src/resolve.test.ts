import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCodec } from './codec.ts';
import { AUTH_EVENT_SCHEMA_TEXTS } from './generated/schema-texts.ts';
import { compileUpgrade } from './resolve.ts';
import { parseSchema } from './schema.ts';
import { Sink } from './sink.ts';
import { arbitraryValue } from './testing/arbitrary.ts';
import { throughAvsc } from './testing/through-avsc.ts';

const CURRENT = AUTH_EVENT_SCHEMA_TEXTS.at(-1) as string;

/** The current event schema with its list of fields changed. */
function variant(change: (fields: { name: string; type: unknown }[]) => unknown[]): string {
  const schema = JSON.parse(CURRENT);
  return JSON.stringify({ ...schema, fields: change(schema.fields) });
}

function record(fields: unknown[]): string {
  return JSON.stringify({ type: 'record', name: 'R', fields });
}

const kind = (symbols: string[]) => ({ type: 'enum', name: 'E', symbols, default: 'OTHER' });

const PAIRS: [string, string, string][] = [
  ['the same schema', CURRENT, CURRENT],
  [
    'fields that are new',
    variant((f) => f.filter(({ name }) => !/attrib|approv|tenant/.test(name))),
    CURRENT,
  ],
  [
    'fields that are gone',
    CURRENT,
    variant((f) => f.filter(({ name }) => !/attrib|approv|login/.test(name))),
  ],
  [
    'fields in another order',
    CURRENT,
    variant((f) =>
      f
        .slice()
        .reverse()
        .sort((a, b) => Number(b.name === 'actor') - Number(a.name === 'actor')),
    ),
  ],
  [
    'symbols that are gone',
    record([{ name: 'a', type: kind(['X', 'Y', 'OTHER']) }]),
    record([{ name: 'a', type: kind(['OTHER', 'Y']) }]),
  ],
  [
    'a field that may now be null',
    record([{ name: 'a', type: 'long' }]),
    record([{ name: 'a', type: ['null', 'long'] }]),
  ],
  [
    'a string that is now bytes',
    record([{ name: 'a', type: 'string' }]),
    record([{ name: 'a', type: 'bytes' }]),
  ],
  [
    'maps of arrays of records',
    record([
      {
        name: 'a',
        type: {
          type: 'map',
          values: {
            type: 'array',
            items: { type: 'record', name: 'S', fields: [{ name: 'x', type: 'int' }] },
          },
        },
      },
    ]),
    record([
      {
        name: 'a',
        type: {
          type: 'map',
          values: {
            type: 'array',
            items: {
              type: 'record',
              name: 'S',
              fields: [
                { name: 'y', type: 'string', default: 'é' },
                { name: 'x', type: 'int' },
              ],
            },
          },
        },
      },
    ]),
  ],
];

describe('a value of an older schema', () => {
  it.each(PAIRS)('with %s becomes what avsc resolves it to', (_, from, to) => {
    const codec = compileCodec(from);
    const newer = compileCodec(to);
    const upgrade = compileUpgrade(from, to);
    const avsc = throughAvsc(from, to);
    fc.assert(
      fc.property(arbitraryValue(parseSchema(from)), (value) => {
        const out = new Sink(64);
        codec.write(value, out);
        const upgraded = upgrade(out.written());
        expect(upgraded).toEqual(avsc(out.written()));
        expect(newer.end(upgraded, 0)).toBe(upgraded.length);
      }),
      { numRuns: 100 },
    );
  });

  it('with an int that is now a long stands in the same bytes', () => {
    const upgrade = compileUpgrade('"int"', '"long"');
    for (const bytes of ['00', '01', 'feffffff0f', 'ffffffff0f'])
      expect(upgrade(Buffer.from(bytes, 'hex')).toString('hex')).toBe(bytes);
  });

  it('keeps the order of a map and its key __proto__', () => {
    const map = { name: 'a', type: { type: 'map', values: 'string' } };
    const upgrade = compileUpgrade(
      record([map]),
      record([map, { name: 'b', type: ['null', 'string'], default: null }]),
    );
    const body = Buffer.from('\x06\x022\x00\x021\x00\x12__proto__\x00\x00', 'latin1');
    expect(upgrade(body)).toEqual(Buffer.concat([body, Buffer.alloc(1)]));
  });

  it.each([
    ['a new field without a default', record([]), record([{ name: 'a', type: 'long' }])],
    [
      'a field of another type',
      record([{ name: 'a', type: 'long' }]),
      record([{ name: 'a', type: 'string' }]),
    ],
    [
      'a field that may be null no more',
      record([{ name: 'a', type: ['null', 'long'] }]),
      record([{ name: 'a', type: 'long' }]),
    ],
    [
      'a long that is now an int',
      record([{ name: 'a', type: 'long' }]),
      record([{ name: 'a', type: 'int' }]),
    ],
    [
      'a fixed of another size',
      '{"type":"fixed","name":"F","size":8}',
      '{"type":"fixed","name":"F","size":9}',
    ],
    [
      'a symbol gone without a default',
      '{"type":"enum","name":"E","symbols":["A","B"]}',
      '{"type":"enum","name":"E","symbols":["A"]}',
    ],
  ])('cannot be read with %s', (_, from, to) => {
    expect(() => compileUpgrade(from, to)).toThrow();
  });
});
