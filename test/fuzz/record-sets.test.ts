/**
 * The border of a fetch: record sets of any compression, as bytes, through the runtime's own decoder.
 * Whatever the bytes, it gives records or says from where on it cannot read. It never throws, which
 * would end the whole consumer; of a set it gives every record or none; it takes no more than BOUND
 * of memory, and comes to an end.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { COMPRESSIONS, type Compression, decompress } from '../../runtime/src/kafka/compression.ts';
import { COMPRESS } from './compress.ts';
import { decode, recordSet, recordsOf } from './kafka-bytes.ts';
import { held, peak } from './memory.ts';
import { mutated, mutation } from './mutations.ts';
import { cases, TIMEOUT } from './rounds.ts';
import { varint } from './varint.ts';

const MIB = 1024 * 1024;
/** MiB that one record set may take while it is read, its 16 MiB and all that they become. */
const BOUND = 600;
/** Milliseconds that no case may take: a hundred times what any does. */
const LONG = 20_000;

const folder = mkdtempSync(join(tmpdir(), 'authseal-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const COUNT = 20;
const records = recordsOf(
  Array.from({ length: COUNT }, (_, i) => ({
    key: i % 3 === 0 ? null : Buffer.from(`web/${i % 2}`),
    value: i % 7 === 0 ? null : Buffer.from(`value ${i % 5} `.repeat(i)),
    headers: i % 2 === 0 ? [] : [[Buffer.from('authseal-sequence'), Buffer.from(`${i}`)] as const],
  })),
);

function set(compression: Compression, payload: Buffer, count = COUNT): Buffer {
  return recordSet(payload, count, COMPRESSIONS.indexOf(compression));
}

/** How many records came, and whether all of them. */
function read(bytes: Buffer): { count: number; readable: boolean } {
  const began = performance.now();
  const { records, undecodable } = decode(bytes);
  expect(performance.now() - began).toBeLessThan(LONG);
  expect(undecodable?.reason).not.toBe('');
  return { count: records.length, readable: undecodable === null };
}

const compression = fc.constantFrom(...COMPRESSIONS);

describe('record sets of whatever bytes', () => {
  it('are read as they were compressed, when nothing is wrong', () => {
    const piece = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.constant(Buffer.alloc(300, 'ab')));
    fc.assert(
      fc.property(fc.array(piece), compression, (pieces, how) => {
        const bytes = Buffer.concat(pieces);
        if (bytes.length === 0) return;
        expect(decompress(COMPRESS[how](bytes), how, bytes.length)).toEqual(bytes);
      }),
      cases(500),
    );
    for (const how of COMPRESSIONS) {
      expect(read(set(how, COMPRESS[how](records)))).toEqual({ count: COUNT, readable: true });
    }
  });

  it('are read or named, changed anywhere', TIMEOUT, async () => {
    const [before, top] = [await held(), peak()];
    const answers = COMPRESSIONS.map((how) => {
      const one = set(how, COMPRESS[how](records));
      return Buffer.concat([one, one]);
    });
    fc.assert(
      fc.property(mutated(answers), ({ bytes }) => {
        read(bytes);
      }),
      cases(),
    );
    expect((await held()) - before).toBeLessThan(48);
    expect(peak() - top).toBeLessThan(BOUND);
  });

  it(
    'are read whole or not at all, their records changed before or after compression',
    TIMEOUT,
    async () => {
      const [before, top] = [await held(), peak()];
      const outcomes = new Map<string, number>();
      fc.assert(
        fc.property(compression, fc.boolean(), mutation, (how, after, mutate) => {
          const payload = after ? mutate(COMPRESS[how](records)) : COMPRESS[how](mutate(records));
          const { count, readable } = read(set(how, payload));
          expect(count).toBe(readable ? COUNT : 0);
          const outcome = `${how} ${readable}`;
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }),
        cases(),
      );
      // gzip checks its text; else each is sometimes read, sometimes not.
      expect(outcomes.size).toBe(2 * COMPRESSIONS.length);
      expect((await held()) - before).toBeLessThan(48);
      expect(peak() - top).toBeLessThan(BOUND);
    },
  );

  it('come to an end in bounded memory, made to harm', TIMEOUT, () => {
    // In a process that did not make them, which would hide what reading takes.
    const files = harmful().map((bytes, i) => {
      writeFileSync(`${folder}/${i}`, bytes);
      return `${folder}/${i}`;
    });
    const output = execFileSync(process.execPath, [
      `${import.meta.dirname}/read-sets.ts`,
      ...files,
    ]);
    const taken = output.toString().trim().split('\n').map(Number);
    expect(taken.length).toBe(files.length);
    expect(Math.max(...taken)).toBeLessThan(BOUND);
  });
});

function harmful(): Buffer[] {
  const record = (...parts: Buffer[]) => {
    const body = Buffer.concat([Buffer.of(0, 0, 0, 1, 1), ...parts]);
    return Buffer.concat([varint(body.length), body]);
  };
  const names = 2_300_000;
  const named = Buffer.concat(
    Array.from({ length: names }, (_, i) =>
      Buffer.from(`\n${i.toString(36).padStart(5, '0')}\x01`),
    ),
  );
  const payloads: [count: number, payload: Buffer][] = [
    [1, Buffer.alloc(15 * MIB, 0x80)],
    [1, Buffer.alloc(17 * MIB)],
    [2 ** 31 - 1, Buffer.alloc(15 * MIB)],
    [200_000, Buffer.alloc(1_400_000, Buffer.of(12, 0, 0, 0, 1, 1, 0))],
    // Lengths of −2 and less, which lead back to themselves two milliard times.
    [1, record(varint(2 ** 31 - 1), Buffer.of(3, 1, 3, 1))],
    [1, record(varint(2 ** 31 - 1), Buffer.alloc(15 * MIB, 0x03))],
    // As many headers as fit, under one name and under as many.
    [1, record(varint(7 * MIB), Buffer.alloc(14 * MIB, Buffer.of(0, 1)))],
    [1, record(varint(names), named)],
  ];
  return [
    ...payloads.map(([count, payload]) => set('zstd', COMPRESS.zstd(payload), count)),
    set('gzip', COMPRESS.gzip(Buffer.alloc(64 * MIB))),
    // A byte, and copies of it without end.
    set(
      'snappy',
      Buffer.concat([Buffer.from('ffffffff0f0000', 'hex'), Buffer.alloc(3 * MIB, 'fe0100', 'hex')]),
    ),
    set(
      'lz4',
      Buffer.concat([
        Buffer.from('04224d18604082000010001f000100', 'hex'),
        Buffer.alloc(MIB, 0xff),
      ]),
    ),
  ];
}
