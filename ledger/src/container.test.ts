import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Codec,
  type Container,
  checkBlock,
  decodeBlock,
  encodeBlock,
  readContainer,
  writeContainer,
} from './container.ts';
import { sha256 } from './merkle.ts';
import { codeOf } from './testing/failure.ts';
import { varint } from './varint.ts';

const part = (text: string): Buffer => Buffer.from(text);
const CONTAINER: Container = {
  schema: part('"schema"'),
  codec: 'null',
  header: part('{"header":1}'),
  checkpoint: part('checkpoint\n'),
  count: 3,
  block: part('entries'),
};
const EMPTY: Container = { ...CONTAINER, count: 0, block: Buffer.alloc(0) };
const SYNC = sha256(CONTAINER.header).subarray(0, 16);

const bytes = (...parts: (Buffer | string | number)[]): Buffer =>
  Buffer.concat(
    parts.map((p) => (typeof p === 'number' ? varint(p) : typeof p === 'string' ? part(p) : p)),
  );
const field = (name: string, value: string): Buffer =>
  bytes(name.length, name, value.length, value);
const MEMBERS = [
  field('avro.schema', '"schema"'),
  field('avro.codec', 'null'),
  field('authseal.header', '{"header":1}'),
  field('authseal.checkpoint', 'checkpoint\n'),
];
const METADATA = bytes('Obj\x01', 4, ...MEMBERS, 0);

const refused = (object: Buffer): void => {
  expect(codeOf(() => readContainer(object))).toBe('CONTAINER_MALFORMED');
};

describe('a container', () => {
  it('is an Avro object container file of four metadata members and one block', () => {
    expect(writeContainer(CONTAINER)).toEqual(bytes(METADATA, SYNC, 3, 7, 'entries', SYNC));
    expect(readContainer(writeContainer(CONTAINER))).toEqual(CONTAINER);
  });

  it('without entries has no block', () => {
    for (const codec of ['null', 'zstandard'] as const) {
      const object = writeContainer({ ...EMPTY, codec });
      expect(object.subarray(-16).equals(SYNC)).toBe(true);
      expect(readContainer(object)).toEqual({ ...EMPTY, codec });
    }
  });

  it('reads back with any parts', () => {
    const buffer = fc.uint8Array().map((array) => Buffer.from(array));
    const any = fc.record({
      schema: buffer,
      codec: fc.constantFrom<Codec>('null', 'zstandard'),
      header: buffer,
      checkpoint: buffer,
      count: fc.integer({ min: 1, max: 20_000 }),
      block: buffer,
    });
    fc.assert(
      fc.property(any, (container) => {
        expect(readContainer(writeContainer(container))).toEqual(container);
      }),
    );
  });

  it('with any byte changed is refused or has other parts', () => {
    const object = writeContainer(CONTAINER);
    for (let at = 0; at < object.length; at += 1) {
      for (let mask = 1; mask < 256; mask += 1) {
        const changed = Buffer.from(object);
        changed[at] = (changed[at] as number) ^ mask;
        try {
          expect(readContainer(changed)).not.toEqual(CONTAINER);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CONTAINER_MALFORMED' });
        }
      }
    }
  });

  it('cut off anywhere, or with anything after it, is refused', () => {
    const object = writeContainer(CONTAINER);
    const withoutBlock = METADATA.length + 16;
    for (let end = 0; end < object.length; end += 1) {
      if (end !== withoutBlock) refused(object.subarray(0, end));
    }
    refused(bytes(object, Buffer.of(0)));
    refused(bytes(object, 3, 7, 'entries', SYNC));
    refused(bytes(METADATA, SYNC, 0, 0, SYNC));
    refused(bytes(METADATA, SYNC, 0, 1, 'x', SYNC));
    refused(bytes(METADATA, SYNC, Buffer.of(1), 1, 'x', SYNC));
  });

  it('whose block has no length is refused, though the sync marker stands where one was due', () => {
    // As a varint, a marker that begins with an odd byte is negative.
    const header = Array.from({ length: 100 }, (_, i) => part(`{"header":${i}}`)).find(
      (each) => sha256(each).readUInt8() % 2 === 1,
    ) as Buffer;
    const empty = writeContainer({ ...EMPTY, header });
    refused(bytes(empty, 3, empty.subarray(-16)));
  });

  it('is refused with what is wrong at which byte', () => {
    const read = (...parts: Parameters<typeof bytes>) => readContainer(bytes('Obj\x01', ...parts));
    expect(() => read(Buffer.of(1))).toThrow('at byte 4 stands no length');
    expect(() => read(4, 11, 'avro.sch')).toThrow('it is cut off');
    expect(() => read(4, 11, 'avro.codec!', 1)).toThrow('where avro.schema was due');
  });

  it('with metadata in another order, missing, twice, more, or in two blocks is refused', () => {
    const [schema, codec, header, checkpoint] = MEMBERS as [Buffer, Buffer, Buffer, Buffer];
    const block = bytes(3, 7, 'entries', SYNC);
    for (const metadata of [
      bytes(4, codec, schema, header, checkpoint, 0),
      bytes(4, schema, codec, checkpoint, header, 0),
      bytes(3, schema, codec, header, 0),
      bytes(5, ...MEMBERS, checkpoint, 0),
      bytes(5, ...MEMBERS, field('x', ''), 0),
      bytes(2, schema, codec, 2, header, checkpoint, 0),
      bytes(4, ...MEMBERS, 1, field('x', ''), 0),
      bytes(Buffer.of(7), 100, ...MEMBERS, 0),
      bytes(Buffer.of(0x88, 0x00), ...MEMBERS, 0),
      bytes(0),
    ]) {
      refused(bytes('Obj\x01', metadata, SYNC, block));
    }
  });

  it('of another codec is refused', () => {
    for (const codec of ['', 'deflate', 'snappy', 'Null', 'zstd']) {
      const members = MEMBERS.with(1, field('avro.codec', codec));
      refused(bytes('Obj\x01', 4, ...members, 0, SYNC, 3, 7, 'entries', SYNC));
    }
  });

  it('that announces more than it holds is refused at once', () => {
    for (const size of [100, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      refused(bytes(METADATA, SYNC, 3, size, 'entries', SYNC));
      refused(bytes(METADATA, SYNC, size * 1000 > 20_000 ? 20_001 : size, 7, 'entries', SYNC));
      refused(bytes('Obj\x01', size, ...MEMBERS, 0, SYNC));
      refused(bytes('Obj\x01', 4, size, 'avro.schema'));
      refused(bytes('Obj\x01', 4, 11, 'avro.schema', size));
    }
  });

  it('of 8 MiB is read, of a byte more it is not', () => {
    const overhead =
      writeContainer({ ...CONTAINER, block: Buffer.alloc(8_000_000) }).length - 8_000_000;
    const block = Buffer.alloc(8 * 1024 * 1024 - overhead);
    expect(readContainer(writeContainer({ ...CONTAINER, block })).block).toHaveLength(block.length);
    refused(writeContainer({ ...CONTAINER, block: Buffer.alloc(block.length + 1) }));
  });
});

describe('a data block', () => {
  it('reads back in either codec', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom<Codec>('null', 'zstandard'), (array, codec) => {
        const entries = Buffer.from(array);
        expect(decodeBlock(encodeBlock(entries, codec), codec)).toEqual(entries);
      }),
    );
  });

  it('of nothing is nothing in either codec', () => {
    for (const codec of ['null', 'zstandard'] as const) {
      expect(encodeBlock(Buffer.alloc(0), codec)).toHaveLength(0);
      expect(decodeBlock(Buffer.alloc(0), codec)).toHaveLength(0);
    }
  });

  it('is decoded into memory of its own, for hashing lends bytes of it', () => {
    const block = part('entries');
    const entries = decodeBlock(block, 'null');
    entries.fill(0);
    expect(block).toEqual(part('entries'));
  });

  it('that is no plain zstd frame is refused', () => {
    expect(codeOf(() => decodeBlock(part('entries'), 'zstandard'))).toBe('CONTAINER_MALFORMED');
  });
});

describe('a block', () => {
  const entries = Buffer.from('entry'.repeat(500));

  it.each(['zstandard', 'null'] as const)(
    'of codec %s is what its entries come out of',
    (codec) => {
      for (const content of [entries, Buffer.alloc(0)]) {
        expect(() => checkBlock(encodeBlock(content, codec), content, codec)).not.toThrow();
      }
    },
  );

  it.each([
    ['nothing', () => Buffer.alloc(0)],
    ['other entries', () => encodeBlock(Buffer.from(entries.map((byte) => byte ^ 1)), 'zstandard')],
    ['fewer entries', () => encodeBlock(entries.subarray(5), 'zstandard')],
    ['more entries', () => encodeBlock(Buffer.concat([entries, entries]), 'zstandard')],
    [
      'two frames',
      () =>
        Buffer.concat([
          encodeBlock(entries, 'zstandard'),
          encodeBlock(Buffer.alloc(1), 'zstandard'),
        ]),
    ],
    ['half a frame', () => encodeBlock(entries, 'zstandard').subarray(0, 20)],
  ])('that holds %s is not sealed', (_, block) => {
    expect(codeOf(() => checkBlock(block(), entries, 'zstandard'))).toBe('BLOCK_UNREADABLE');
  });
});
