/**
 * Single-object encoding: Avro specification 1.12, "Single-object encoding".
 * Two bytes `C3 01`, the CRC-64-AVRO fingerprint of the schema, the body.
 */

import { fingerprint } from './fingerprint.ts';

/** Where the fingerprint begins. */
export const FINGERPRINT_AT = 2;

/** Where the body begins. */
export const BODY_AT = 10;

/** @returns what stands before every body of a schema. */
export function singleObjectHeader(text: string): Buffer {
  return Buffer.concat([Buffer.from([0xc3, 0x01]), fingerprint(JSON.parse(text))]);
}
