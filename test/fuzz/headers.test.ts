/**
 * The border of Kafka headers: any names, values and numbers of them, as bytes of the wire, through
 * the runtime's record decoder into a sealed batch and back. All come back, under their names; of one
 * name in their order (between names, kafkajs keeps none). Bytes that are no UTF-8 read as U+FFFD.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchBuilder,
  newLog,
  readBatch,
  type SealTerms,
  type SourceRecord,
  signerFromPem,
} from '@authseal/ledger';
import fc from 'fast-check';
import type { Batch } from 'kafkajs';
import { afterAll, describe, expect, it } from 'vitest';
import { toFetched } from '../../runtime/src/kafka/record.ts';
import { FASTAVRO, plain, readByFastavro } from './fastavro.ts';
import { recordSet, recordsOf, split, type WireRecord } from './kafka-bytes.ts';
import { held } from './memory.ts';
import { cases, SEED, TIMEOUT } from './rounds.ts';

const folder = mkdtempSync(join(tmpdir(), 'authseal-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
const keys = { signer: signerFromPem(pem.toString()) };
const TERMS: SealTerms = {
  now: Date.UTC(2026, 0, 1),
  retention: 1000,
  heartbeat: 300,
  partitions: 1,
  codec: 'null',
};

const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '', '0', '-1'];
const name = fc.oneof(
  fc.constantFrom(...NAMES, 'authseal-sequence', 'authseal-link', '\0', '\ufeffx').map(Buffer.from),
  fc.string({ unit: 'binary', maxLength: 12 }).map((text) => Buffer.from(text)),
  bytes,
);
const header = fc.tuple(name, fc.option(bytes));
const headers = fc.oneof(
  { weight: 500, arbitrary: fc.array(header, { maxLength: 8 }) },
  // Thousands; made of a few, for their making costs more than what is tested.
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.array(header, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 1000 }))
      .map(([few, times]) => Array.from({ length: times }, () => few).flat()),
  },
);
const record: fc.Arbitrary<WireRecord> = fc.record({
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers,
});

/** As the ingestor takes them from a fetch. */
function fetched(records: readonly WireRecord[]): SourceRecord[] {
  const messages = split(recordSet(recordsOf(records), records.length));
  const lastOffset = () => String(messages.length - 1);
  const answer = { partition: 0, fetchedOffset: '0', highWatermark: '0', messages, lastOffset };
  const { fetched, undecodable } = toFetched(answer as unknown as Batch);
  expect(undecodable).toBeNull();
  return [...fetched.records];
}

async function seal(records: readonly SourceRecord[]): Promise<Buffer> {
  const builder = new BatchBuilder(newLog('fuzz/auth-events/0'));
  for (const each of records) expect(builder.append(each)).toBe(true);
  return (await builder.seal(TERMS, keys)).object;
}

/** Values by name, in their order. */
function byName(headers: SourceRecord['headers']): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [named, value] of headers) {
    const before = values.get(named) ?? [];
    before.push(value?.toString('hex') ?? 'null');
    values.set(named, before);
  }
  return values;
}

describe('headers of whatever names, values and number', () => {
  it('come back from a sealed batch, every one', TIMEOUT, async () => {
    const before = await held();
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 3 }), async (records) => {
        const entries = [...readBatch(await seal(fetched(records))).entries()];
        expect(entries.length).toBe(records.length);
        for (const [i, { key, value, headers }] of records.entries()) {
          const entry = entries[i];
          const sent = headers.map(([named, of]) => [named.toString(), of] as const);
          expect(entry?.headers.length).toBe(headers.length);
          expect(byName(entry?.headers ?? [])).toEqual(byName(sent));
          expect(entry?.key).toEqual(key);
          expect(entry?.raw?.value ?? null).toEqual(value);
        }
      }),
      cases(),
    );
    expect((await held()) - before).toBeLessThan(48);
  });

  it('keep their order, and names that are no UTF-16 read as U+FFFD', TIMEOUT, async () => {
    const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    const named = fc.tuple(fc.oneof(fc.string({ unit }), fc.constantFrom(...NAMES)), bytes);
    await fc.assert(
      fc.asyncProperty(fc.array(named, { maxLength: 12 }), async (headers) => {
        const source = { offset: 0, timestamp: 0, key: null, value: null, headers };
        const entry = readBatch(await seal([source])).entryAt(0);
        expect(entry.headers).toEqual(headers.map(([name, of]) => [name.toWellFormed(), of]));
      }),
      cases(2000),
    );
  });

  it.skipIf(!FASTAVRO)('are read by fastavro as we read them', TIMEOUT, async () => {
    const records = fc.sample(record, { numRuns: 2000, seed: SEED });
    const file = join(folder, 'headers.avro');
    const object = await seal(fetched(records));
    writeFileSync(file, object);
    const batch = readBatch(object);
    const found = readByFastavro(file);
    expect(found.length).toBe(records.length);
    for (const [i, theirs] of found.entries()) {
      const ours = batch.schema.read(batch.bytesOf(i));
      expect(theirs).toEqual(plain({ ...ours, timestamp: ours.timestamp * 1000 }));
    }
  });
});
