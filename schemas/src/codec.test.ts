import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCodec } from './codec.ts';
import { AUTH_EVENT_SCHEMA_TEXTS, ENTRY_SCHEMA_TEXTS } from './generated/schema-texts.ts';
import { MAX_VALUE_BYTES } from './limits.ts';
import { parseSchema } from './schema.ts';
import { Sink } from './sink.ts';
import { arbitraryValue } from './testing/arbitrary.ts';
import { writeInBlocks } from './testing/blocks.ts';
import { throughAvsc } from './testing/through-avsc.ts';

const TEXTS = { event: AUTH_EVENT_SCHEMA_TEXTS.at(-1), entry: ENTRY_SCHEMA_TEXTS.at(-1) } as Record<
  string,
  string
>;

function encode(text: string, value: unknown): Buffer {
  const out = new Sink(64);
  compileCodec(text).write(value, out);
  return out.written();
}

function codecOf(schema: unknown) {
  return compileCodec(JSON.stringify(schema));
}

/** Whether hexadecimal `bytes` are one canonical value of `schema`. */
function isCanonical(schema: unknown, bytes: string): boolean {
  const buf = Buffer.from(bytes.replaceAll(' ', ''), 'hex');
  return codecOf(schema).end(buf, 0) === buf.length;
}

/** The canonical form of hexadecimal `bytes`, spaced by nothing; null when there is none. */
function canonicalize(schema: unknown, bytes: string): string | null {
  const body = Buffer.from(bytes.replaceAll(' ', ''), 'hex');
  return codecOf(schema).canonicalize(body)?.toString('hex') ?? null;
}

const STRINGS = { type: 'array', items: 'string' };
const MAP = { type: 'map', values: 'string' };

describe.each(Object.entries(TEXTS))('any %s', (_, text) => {
  const codec = compileCodec(text);
  const schema = parseSchema(text);
  const avsc = throughAvsc(text, text);

  it('is canonical as it is written, and comes back', () => {
    fc.assert(
      fc.property(arbitraryValue(schema), (value) => {
        const body = encode(text, value);
        expect(codec.end(body, 0)).toBe(body.length);
        expect(codec.read(body)).toEqual(value);
        expect(codec.canonicalize(body)).toEqual(body);
        expect(avsc(body)).toEqual(body);
      }),
      { numRuns: 300 },
    );
  });

  it('is found between other bytes', () => {
    fc.assert(
      fc.property(arbitraryValue(schema), fc.uint8Array(), fc.uint8Array(), (value, a, b) => {
        const body = encode(text, value);
        expect(codec.end(Buffer.concat([a, body, b]), a.length)).toBe(a.length + body.length);
      }),
      { numRuns: 100 },
    );
  });

  it('in several blocks or with byte sizes gets its one canonical form', () => {
    fc.assert(
      fc.property(arbitraryValue(schema), fc.infiniteStream(fc.nat()), (value, choices) => {
        const blocks = writeInBlocks(schema, value, (below) => choices.next().value % below);
        expect(codec.canonicalize(blocks)).toEqual(encode(text, value));
      }),
      { numRuns: 300 },
    );
  });

  it('that is mutated is refused, or read by avsc and written to the same bytes', () => {
    const mutation = fc.record({
      at: fc.nat(),
      remove: fc.integer({ min: 0, max: 3 }),
      insert: fc.uint8Array({ maxLength: 3 }),
    });
    let accepted = 0;
    fc.assert(
      fc.property(
        arbitraryValue(schema),
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        (value, mutations) => {
          let body = encode(text, value);
          for (const { at, remove, insert } of mutations) {
            const start = at % (body.length + 1);
            body = Buffer.concat([body.subarray(0, start), insert, body.subarray(start + remove)]);
          }
          const canonical = codec.canonicalize(body);
          if (codec.end(body, 0) === body.length) {
            accepted++;
            expect(canonical).toEqual(body);
            expect(avsc(body)).toEqual(body);
            codec.read(body);
          } else if (canonical !== null) {
            expect(codec.end(canonical, 0)).toBe(canonical.length);
          }
        },
      ),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});

describe('canonical Avro', () => {
  it.each([
    ['a boolean above 1', 'boolean', '01', '02'],
    ['an int beyond 32 bits', 'int', 'feffffff0f', '8080808010'],
    ['an int below −2^31', 'int', 'ffffffff0f', '8180808010'],
    ['a varint that is not the shortest', 'long', '02', '8200'],
    ['a length that is not the shortest', 'string', '02 61', '8200 61'],
    ['a negative length', 'string', '00', '01'],
    ['a negative length of bytes', 'bytes', '00', '01'],
    ['a length beyond the end', 'bytes', '02 61', '04 61'],
    ['a fixed cut short', { type: 'fixed', name: 'F', size: 2 }, '6161', '61'],
    ['an enum index out of range', { type: 'enum', name: 'E', symbols: ['A', 'B'] }, '02', '04'],
    ['a negative enum index', { type: 'enum', name: 'E', symbols: ['A', 'B'] }, '00', '01'],
    ['a union index out of range', ['null', 'string'], '02 00', '04 00'],
    ['a negative union index', ['null', 'string'], '00', '01'],
    ['a byte left over', 'boolean', '01', '01 00'],
    ['an array in two blocks', STRINGS, '04 00 00 00', '02 00 02 00 00'],
    ['an array with its byte size', STRINGS, '02 00 00', '01 02 00 00'],
    ['an array without its end', STRINGS, '02 00 00', '02 00'],
    ['a map in two blocks', MAP, '04 026100 026200 00', '02 026100 02 026200 00'],
    ['a map with its byte size', MAP, '02 026100 00', '01 06 026100 00'],
    ['a repeated key', MAP, '04 026100 026200 00', '04 026100 026100 00'],
    ['the repeated empty key', MAP, '04 0000 026100 00', '04 0000 0000 00'],
  ])('refuses %s', (_, schema, good, bad) => {
    expect(isCanonical(schema, good)).toBe(true);
    expect(isCanonical(schema, bad)).toBe(false);
  });

  it.each([
    ['an overlong sequence', 'c080'],
    ['a surrogate', 'eda080'],
    ['a number above U+10FFFF', 'f4908080'],
    ['a lone continuation', '80'],
    ['a sequence cut short', 'e282'],
  ])('refuses UTF-8 with %s, alone, after ASCII and as a key', (_, bytes) => {
    const length = (n: number) => (2 * n).toString(16).padStart(2, '0');
    const size = bytes.length / 2;
    expect(isCanonical('string', `${length(size)} ${bytes}`)).toBe(false);
    expect(isCanonical('string', `${length(size + 3)} 616161 ${bytes}`)).toBe(false);
    expect(isCanonical(MAP, `02 ${length(size)} ${bytes} 00 00`)).toBe(false);
  });

  it('takes any valid UTF-8, a byte order mark and NUL too, as it stands', () => {
    for (const text of ['\ufeffa', '\0', 'é', '€', '😀', '\uffff']) {
      const body = encode('"string"', text);
      expect(codecOf('string').end(body, 0)).toBe(body.length);
      expect(codecOf('string').read(body)).toBe(text);
    }
  });

  it('finds a repeated key among few keys and among many', () => {
    for (const count of [2, 15, 16, 17, 18, 1000]) {
      const names = Array.from({ length: count }, (_, i) => i.toString(36).padStart(3, '0'));
      const body = encode(JSON.stringify(MAP), Object.fromEntries(names.map((name) => [name, ''])));
      expect(codecOf(MAP).end(body, 0)).toBe(body.length);
      for (const repeated of [0, Math.floor((count - 1) / 2), count - 2]) {
        const last = body.lastIndexOf(names.at(-1) as string);
        const copy = Buffer.from(body);
        copy.write(names[repeated] as string, last);
        expect(codecOf(MAP).end(copy, 0)).toBe(-1);
      }
    }
  });

  it('does not carry the keys of one map into the next', () => {
    const maps = { type: 'array', items: MAP };
    expect(isCanonical(maps, '04 02026100 00 02026100 00 00')).toBe(true);
  });
});

describe('Avro of other encoders', () => {
  it('is put into one block', () => {
    expect(canonicalize(STRINGS, '02 0261 02 0262 00')).toBe('040261026200');
    expect(canonicalize(STRINGS, '03 08 0261 0262 02 0263 00')).toBe('0602610262026300');
    expect(canonicalize({ type: 'array', items: STRINGS }, '01 08 01 02 00 00 00')).toBe(
      '0202000000',
    );
  });

  it('keeps the order of a map, also of keys that look like integers', () => {
    expect(canonicalize(MAP, '02 023200 02 023100 01 06 026100 00')).toBe('0602320002310002610000');
  });

  it('with many blocks gets a count of more bytes', () => {
    const blocks = Buffer.from(`${'0200'.repeat(100)}00`, 'hex');
    const joined = codecOf(STRINGS).canonicalize(blocks);
    expect(joined).toEqual(Buffer.from(`c801${'00'.repeat(100)}00`, 'hex'));
  });

  it.each([
    ['a byte size too large', STRINGS, '01 04 00 00'],
    ['a byte size too small', STRINGS, '03 02 0000 00'],
    ['a byte size beyond the end', STRINGS, '01 40 00 00'],
    ['a negative byte size', STRINGS, '01 01 00 00'],
    ['a key repeated across blocks', MAP, '02 026100 02 026100 00'],
    ['a count that is not the shortest varint', STRINGS, '8200 00 00'],
    ['a byte left over', STRINGS, '01 02 00 00 00'],
    ['an end missing', STRINGS, '01 02 00'],
    ['an item that is not canonical', { type: 'array', items: 'boolean' }, '01 02 02 00'],
  ])('is not read with %s', (_, schema, bytes) => {
    expect(canonicalize(schema, bytes)).toBeNull();
  });
});

describe('hostile bytes', () => {
  const huge = Buffer.from('8080808080808004', 'hex'); // 2^50 in zig-zag

  it('cost nothing by a count of 2^50, whatever the items', () => {
    for (const items of ['boolean', { type: 'record', name: 'Empty', fields: [] }]) {
      const codec = codecOf({ type: 'array', items });
      expect(codec.end(huge, 0)).toBe(-1);
      expect(codec.canonicalize(huge)).toBeNull();
    }
    expect(codecOf(MAP).end(huge, 0)).toBe(-1);
    expect(codecOf('bytes').end(huge, 0)).toBe(-1);
  });

  it('cost in proportion to their size', () => {
    /** CPU time of a look at hostile bytes of this size, the least of three. */
    const cost = (size: number): number => {
      const keys = Object.fromEntries(
        Array.from({ length: size / 5 }, (_, i) => [i.toString(36), '']),
      );
      const map = encode(JSON.stringify(MAP), keys);
      const blocks = Buffer.from('0200'.repeat(size / 2), 'hex');
      blocks.writeUInt8(0, blocks.length - 2);
      const zeros = Buffer.alloc(size);
      const tries = [1, 2, 3].map(() => {
        const before = process.cpuUsage();
        expect(codecOf(MAP).end(map, 0)).toBe(map.length);
        expect(codecOf(MAP).canonicalize(map)).toEqual(map);
        codecOf(STRINGS).canonicalize(blocks);
        for (const text of Object.values(TEXTS)) compileCodec(text).canonicalize(zeros);
        return process.cpuUsage(before).user;
      });
      return Math.min(...tries);
    };
    cost(MAX_VALUE_BYTES / 8);
    // Eight times as much; what grows with the square would cost 64 times.
    expect(cost(MAX_VALUE_BYTES) / cost(MAX_VALUE_BYTES / 8)).toBeLessThan(30);
  });

  it('are refused without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        for (const text of Object.values(TEXTS)) {
          const codec = compileCodec(text);
          codec.end(bytes, 0);
          codec.canonicalize(bytes);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a schema', () => {
  const record = (type: unknown) => ({ type: 'record', name: 'R', fields: [{ name: 'a', type }] });

  it.each([
    ['recursion', record(['null', 'R'])],
    ['float', record('float')],
    ['another union', record(['string', 'null'])],
    ['a union of three', record(['null', 'string', 'int'])],
    ['an undefined name', record('Missing')],
    ['aliases', { ...record('int'), aliases: ['Q'] }],
    [
      'aliases of a field',
      { ...record('int'), fields: [{ name: 'a', type: 'int', aliases: ['b'] }] },
    ],
  ])('must not use %s', (_, schema) => {
    expect(() => codecOf(schema)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_SCHEMA' }));
  });
});
