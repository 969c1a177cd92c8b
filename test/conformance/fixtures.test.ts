/** The archives under test/fixtures must verify for ever, byte for byte as they were sealed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  type Batch,
  chainFault,
  checkpointSigners,
  entryValue,
  firstLink,
  flushSignatureHolds,
  flushText,
  type HashText,
  type KeyStep,
  LINK_HEADER,
  newLog,
  nextLink,
  objectKey,
  parseKeys,
  parseVkey,
  readBatch,
  SEQUENCE_HEADER,
  SIGNATURE_HEADER,
  sha256,
  sha256Text,
  stepKey,
} from '@authseal/ledger';
import { describe, expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, '../fixtures/v1');

/** SHA-256 of every file. */
const FILES = {
  keys: '6f0b62f092f89a7dbdb5f59fb4c879b3c9c64ec624dcb26fe88e66e17fd4d71c',
  producers: 'd1a9307e9ecf8df5c540fd4c74d40304b7ad5fb42cf22996170fbdbfdb9705ad',
  'topic=auth-events/partition=00000/date=2026-11-24/000000000000.avro':
    '09c9865f5a779ed1a65f2f4552520acd45adb6b58bdada5c23aa7cb30ea0819c',
  'topic=auth-events/partition=00000/date=2026-11-24/000000000001.avro':
    '640fd3a8ba4f7bd0de67c8bf7a71c5a7f7afbdb3e4d1c2609ecbb18d246015c9',
  'topic=auth-events/partition=00000/date=2026-11-25/000000000002.avro':
    'cb54f3e78527af62d77b4d77bddc68991454b538076c2406d1d7f56cacb99052',
  'topic=auth-events/partition=00000/date=2026-11-25/000000000003.avro':
    '19b22a736084b71f2884b515199993bec465289fd198c6488f9ce925d853b653',
  'topic=auth-events/partition=00000/date=2026-11-25/000000000004.avro':
    'fa1a57d21315080a4db0f4d175c631ae2d9c3d5c5c83b3853974161d51e39d86',
  'topic=auth-events/partition=00000/date=2026-11-25/000000000005.avro':
    'b8847f5ff44dfe5baceeecfb1daa160e6343cfa6278c2590106b2021963fb6a5',
  'topic=auth-events/partition=00000/date=2026-11-25/000000000006.avro':
    '1dfe6a42c025fcc5d6cca90ae05576f9c6792785581cba9055049264f8c7076c',
  'topic=auth-events/partition=00000/date=2026-11-25/000000000007.avro':
    '912a74a62ea7055797e154ebeb0e44b9a875925327ccde78a8d1ce60b4e03fe3',
  'topic=auth-events/partition=00001/date=2026-11-24/000000000000.avro':
    '5dc730f9d39dc60e2e7be49802fb0fe4c7513017b1fd1ad0588f0e493062d7a8',
  'topic=auth-events/partition=00001/date=2026-11-24/000000000001.avro':
    'f7c3f8f6dc6d7ac74a218a7bf8818efeab7e72dea049fc97b3ff34d9da703b31',
  'topic=auth-events/partition=00001/date=2026-11-25/000000000002.avro':
    'bfbcd103ee3417c809fefda7bc2a9a1beb17d0373037d9755e02a287f23019d5',
  'topic=auth-events/partition=00001/date=2026-11-25/000000000003.avro':
    '781425068d1d2eba011ca7d0ba9228c1f55b11b5af56764613887fea58660c24',
  'topic=auth-events/partition=00001/date=2026-11-25/000000000004.avro':
    '3ea7c99926a754486c3c4a8a1fcfd4dbef6bf7c026c7d95f89cbd02b1db1e1af',
};

const contents = (file: string): Buffer => readFileSync(join(FOLDER, file));
const keys = parseKeys(contents('keys').toString());

const log = (partition: number): Batch[] =>
  Object.keys(FILES)
    .filter((file) => file.includes(`partition=0000${partition}/`))
    .map((file) => readBatch(contents(file)));

describe('the fixture of authseal/batch/v1', () => {
  it('is, file by file, what it was', () => {
    const found = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile() && !/^(README\.md|make\.ts)$/.test(file.name))
      .map((file) => relative(FOLDER, join(file.parentPath, file.name)))
      .toSorted();
    const hashes = found.map((file) => [file, sha256(contents(file)).toString('hex')]);
    expect(Object.fromEntries(hashes)).toEqual(FILES);
  });

  it.each([
    [0, 8, 30, '0axVegvR6k9cZvqJkF6YVYDoABFHJ7iPGRj//ZuAapA=', [0, 0, 0, 0, 0, 1, 1, 1]],
    [1, 5, 48, '8psRBKAWVOqccOEteDMwucvzYmQrJFvMkIC1e46erU0=', [0, 0, 1, 1, 1]],
  ])(
    'verifies log %i whole: batches, signatures, keys, chain, and where each object lies',
    (partition, batches, size, root, keysInForce) => {
      const origin = `fixture/auth-events/${partition}`;
      let head = newLog(origin);
      let key: number | null = null;
      const inForce: number[] = [];
      for (const batch of log(partition)) {
        expect(chainFault(head, batch.header)).toBeNull();
        const step: KeyStep = stepKey(
          key,
          checkpointSigners(batch.note, origin, keys),
          batch.header,
          keys,
        );
        expect(step).toMatchObject({ ok: true, replaced: false });
        if (step.ok) key = step.key;
        inForce.push(key as number);
        expect(Object.keys(FILES)).toContain(objectKey('', batch.header));
        head = batch.head;
      }
      expect(head).toMatchObject({ batch: batches, closed: true });
      expect(head.range.end).toBe(size);
      expect(head.range.root().toString('base64')).toBe(root);
      expect(inForce).toEqual(keysInForce);
    },
  );

  it('holds entries of every kind, problem and codec, all decoded by their schema', () => {
    const seen: string[] = [];
    for (const batch of [...log(0), ...log(1)]) {
      for (let i = 0; i < batch.header.count; i += 1) {
        const { event, problem, raw } = batch.schema.read(batch.bytesOf(i));
        seen.push(`${batch.codec} ${raw === null ? '' : 'raw '}${problem ?? event?.kind}`);
      }
    }
    const counts = Object.fromEntries(
      [...new Set(seen)]
        .toSorted()
        .map((name) => [name, seen.filter((other) => other === name).length]),
    );
    expect(counts).toEqual({
      'null LOGIN_SUCCEEDED': 41,
      'null NULL_VALUE': 1,
      'null raw LOGIN_FAILED': 1,
      'null raw MALFORMED': 2,
      'null raw UNKNOWN_SCHEMA': 4,
      'zstandard ACCESS_DENIED': 1,
      'zstandard LOGIN_FAILED': 1,
      'zstandard LOGIN_SUCCEEDED': 7,
      'zstandard NULL_VALUE': 2,
      'zstandard OTHER': 1,
      'zstandard POLICY_UPDATED': 1,
      'zstandard ROLE_CHANGED': 1,
      'zstandard USER_TERMINATED': 1,
      'zstandard raw UNKNOWN_SCHEMA': 1,
    });
  });

  it('holds silence, holes, a lost range, a large leaf and strange headers', () => {
    const batches = log(0);
    expect(batches[3]?.header).toMatchObject({ count: 0, offsets: { from: 15, to: 15 } });
    const odd = batches[4] as Batch;
    expect(odd.header).toMatchObject({
      offsets: { from: 15, to: 33 },
      lost: [{ from: 21, to: 30 }],
    });
    expect([...odd.entries()].map(({ offset }) => offset)).toEqual([15, 20, 30, 31]);
    expect(odd.bytesOf(0).length).toBeGreaterThan(65_535);
    expect(odd.entryAt(2)).toMatchObject({
      key: Buffer.alloc(0),
      headers: [
        ['toString', null],
        ['__proto__', Buffer.alloc(0)],
        ['toString', Buffer.from('ü')],
        ['', Buffer.of(0xff)],
      ],
    });
    expect(odd.entryAt(3).timestamp).toBe(0);
  });

  it('holds a signed and an unsigned producer, each with an unbroken chain', () => {
    expect(producerOf(log(0), 'web/0199aaaa-0000-7000-8000-000000000001')).toEqual({
      events: 11,
      flushes: 4,
      signed: 4,
    });
    expect(producerOf(log(1), 'api/0199aaaa-0000-7000-8000-000000000002')).toEqual({
      events: 43,
      flushes: 2,
      signed: 0,
    });
  });
});

function producerOf(batches: readonly Batch[], producer: string) {
  const { publicKey } = parseVkey(contents('producers').toString().trim());
  const found = { events: 0, flushes: 0, signed: 0 };
  let link = firstLink('fixture', 'auth-events', producer);
  let values: HashText[] = [];
  for (const entry of batches.flatMap((batch) => [...batch.entries()])) {
    if (entry.key?.toString() !== producer) continue;
    const headers = new Map(entry.headers);
    expect(headers.get(SEQUENCE_HEADER)?.toString()).toBe(String(found.events));
    values.push(sha256Text(entryValue(entry) as Buffer));
    found.events += 1;
    const stated = headers.get(LINK_HEADER);
    if (!stated) continue;
    link = nextLink(link, found.events - 1, values);
    expect(stated).toEqual(link);
    values = [];
    found.flushes += 1;
    const signature = headers.get(SIGNATURE_HEADER);
    if (!signature) continue;
    const text = flushText('fixture', producer, found.events - 1, link);
    expect(flushSignatureHolds(text, signature, publicKey)).toBe(true);
    found.signed += 1;
  }
  expect(values).toEqual([]);
  return found;
}
