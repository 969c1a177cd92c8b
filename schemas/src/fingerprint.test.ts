import { describe, expect, it } from 'vitest';
import { AUTH_EVENT_FINGERPRINT, encodeEvent } from './auth-event.ts';
import file from './avro-schema-tests.json' with { type: 'json' };
import { crc64Avro, fingerprint } from './fingerprint.ts';
import { parsingCanonicalForm } from './parsing-canonical-form.ts';
import { loginSucceeded } from './testing/events.ts';

const vectors = file.vectors as { schema: string; canonical: string; fingerprint?: string }[];

describe('the test data of the Avro specification', () => {
  it.each(vectors)('puts $schema into its Parsing Canonical Form', ({ schema, canonical }) => {
    expect(parsingCanonicalForm(schema)).toBe(canonical);
  });

  it.each(vectors.filter((vector) => vector.fingerprint !== undefined))(
    'gives $canonical its fingerprint',
    ({ schema, canonical, fingerprint: signed }) => {
      const unsigned = BigInt.asUintN(64, BigInt(signed as string));
      expect(crc64Avro(Buffer.from(canonical))).toBe(unsigned);
      expect(fingerprint(schema).readBigUInt64LE()).toBe(unsigned);
    },
  );
});

describe('the fingerprint of a value', () => {
  it('stands little-endian after C3 01', () => {
    // Avro specification, "Single-object encoding", with the fingerprint of "int" above.
    expect(fingerprint('int').toString('hex')).toBe('8f5c393f1ad57572');
    const value = encodeEvent(loginSucceeded);
    expect(value.subarray(0, 2).toString('hex')).toBe('c301');
    expect(value.subarray(2, 10)).toEqual(AUTH_EVENT_FINGERPRINT);
  });

  it('does not change with doc, defaults and logical types', () => {
    const plain = { type: 'record', name: 'R', fields: [{ name: 'a', type: 'long' }] };
    const rich = {
      type: 'record',
      name: 'R',
      doc: 'x',
      fields: [{ name: 'a', type: { type: 'long', logicalType: 'timestamp-micros' }, default: 1 }],
    };
    expect(fingerprint(rich)).toEqual(fingerprint(plain));
  });
});
