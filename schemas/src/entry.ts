/**
 * The records of an archive's objects, authseal.Entry: reading them, and
 * finding where each ends, under every schema text that was ever released.
 */

import { createHash } from 'node:crypto';
import type { Problem } from './classify.ts';
import type { Codec } from './codec.ts';
import { compileCodec } from './codec.ts';
import { SchemaError } from './error.ts';
import type { AuthEvent } from './generated/auth-event.ts';
import { ENTRY_SCHEMA_TEXTS } from './generated/schema-texts.ts';
import { compileUpgrade } from './resolve.ts';

/** One sealed Kafka record. */
export interface Entry {
  /** Leaf index in the log. */
  index: number;
  /** Offset in the source partition. */
  offset: number;
  /** Kafka's timestamp in milliseconds since 1970-01-01 UTC. */
  timestamp: number;
  key: Buffer | null;
  headers: { key: string; value: Buffer | null }[];
  problem: Problem | null;
  raw: { schema: Buffer | null; value: Buffer } | null;
  event: AuthEvent | null;
}

export interface EntrySchema {
  /** As archived: JSON without `doc` and white space. */
  readonly text: string;
  /** @returns the end of the one canonical entry that begins at `pos`, or -1 */
  skip(buf: Uint8Array, pos: number): number;
  /**
   * @param entry the bytes of one entry
   * @returns the entry, its event brought to the current schema; copies what it keeps
   * @throws SchemaError MALFORMED
   */
  read(entry: Uint8Array): Entry;
}

/** The current authseal.Entry as archived. */
export const ENTRY_SCHEMA_TEXT = ENTRY_SCHEMA_TEXTS.at(-1) as string;

/** Every released authseal.Entry by the SHA-256 of its text, in padded standard base64. */
export const RELEASED_ENTRY_SCHEMAS: ReadonlyMap<string, EntrySchema> = new Map(
  compileEntrySchemas(ENTRY_SCHEMA_TEXTS).map((schema) => [
    createHash('sha256').update(schema.text).digest('base64'),
    schema,
  ]),
);

/** @param texts oldest first, the last being current */
export function compileEntrySchemas(texts: readonly string[]): EntrySchema[] {
  const current = texts.at(-1) as string;
  const currentCodec = compileCodec(current);
  return texts.map((text) => {
    if (text === current) return entrySchema(text, currentCodec, currentCodec.read);
    const upgrade = compileUpgrade(text, current);
    return entrySchema(text, compileCodec(text), (entry) => currentCodec.read(upgrade(entry)));
  });
}

function entrySchema(
  text: string,
  codec: Codec,
  read: (entry: Uint8Array) => unknown,
): EntrySchema {
  return {
    text,
    skip: codec.end,
    read(entry) {
      if (codec.end(entry, 0) !== entry.length)
        throw new SchemaError(
          'MALFORMED',
          'The bytes are not one canonical authseal.Entry. Verify the object that they come from.',
        );
      return read(entry) as Entry;
    },
  };
}
