import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Header } from './header.ts';
import { logPrefix, objectKey, parseObjectKey } from './object-key.ts';

const header = (origin: string, sealedAt: number, batch: number): Header =>
  ({ origin, sealedAt, batch }) as Header;

describe("an object's key", () => {
  it('names topic, partition, day of sealing in UTC, and batch', () => {
    const at = Date.UTC(2026, 10, 24, 23, 59, 59, 999);
    expect(objectKey('', header('prod/auth-events/7', at, 42))).toBe(
      'topic=auth-events/partition=00007/date=2026-11-24/000000000042.avro',
    );
    expect(objectKey('a/b/', header('prod/auth-events/7', at + 1, 42))).toBe(
      'a/b/topic=auth-events/partition=00007/date=2026-11-25/000000000042.avro',
    );
  });

  it('begins with the prefix of its log, and reads back', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', 'audit/', 'x=y/'),
        fc.stringMatching(/^[a-zA-Z0-9._-]{1,40}$/),
        fc.nat(99_999),
        fc.nat({ max: 253_402_300_799_999 }),
        fc.nat(999_999_999_999),
        (prefix, topic, partition, sealedAt, batch) => {
          const key = objectKey(prefix, header(`d/${topic}/${partition}`, sealedAt, batch));
          const date = new Date(sealedAt).toISOString().slice(0, 10);
          expect(key.startsWith(logPrefix(prefix, topic, partition))).toBe(true);
          expect(parseObjectKey(prefix, key)).toEqual({ topic, partition, date, batch });
        },
      ),
    );
  });

  it('of another form or below another prefix is none of a batch', () => {
    const good = 'topic=t/partition=00000/date=2026-01-01/000000000000.avro';
    expect(parseObjectKey('', good)).not.toBeNull();
    const others = [
      `/${good}`,
      `x/${good}`,
      `${good}.tmp`,
      good.replace('00000/', '0000/'),
      good.replace('topic=t', 'topic='),
      good.replace('topic=t', 'topic=a/b'),
      good.replace('.avro', 'avro'),
      good.replace('2026-01-01', '26-1-1'),
      '_doctor/canary',
    ];
    for (const key of others) expect(parseObjectKey('', key), key).toBeNull();
    for (const key of [good, `q/${good}`]) expect(parseObjectKey('p/', key), key).toBeNull();
  });
});
