/**
 * CRC-64-AVRO, the fingerprint of a schema.
 *
 * Avro specification 1.12, "Schema Fingerprints": a Rabin fingerprint, bits
 * taken least significant first, polynomial and initial value
 * 0xc15d213aa4d7a795, over the UTF-8 of the Parsing Canonical Form.
 */

import type { JsonSchema } from './parsing-canonical-form.ts';
import { parsingCanonicalForm } from './parsing-canonical-form.ts';

const EMPTY = 0xc15d213aa4d7a795n;

const TABLE = BigUint64Array.from({ length: 256 }, (_, byte) => {
  let crc = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? EMPTY : 0n);
  return crc;
});

/** @returns the fingerprint of any bytes, unsigned, 64 bits. */
export function crc64Avro(bytes: Uint8Array): bigint {
  let crc = EMPTY;
  for (const byte of bytes) {
    crc = (crc >> 8n) ^ (TABLE[Number((crc ^ BigInt(byte)) & 0xffn)] as bigint);
  }
  return crc;
}

/** @returns the 8 bytes of a schema's fingerprint as single-object encoding has them: little-endian. */
export function fingerprint(schema: JsonSchema): Buffer {
  const wire = Buffer.alloc(8);
  wire.writeBigUInt64LE(crc64Avro(Buffer.from(parsingCanonicalForm(schema))));
  return wire;
}
