/**
 * The entries of a batch, taken out of its data block and checked: the costliest part of reading. It
 * needs the header and nothing else, and all of it can be sent, so that another thread may do it.
 */
import { type EntrySchema, RELEASED_ENTRY_SCHEMAS } from '@authseal/schemas';
import { type Codec, decodeBlock } from './container.ts';
import { rangeOfEntries } from './digest.ts';
import { EntryCursor } from './entry-view.ts';
import { LedgerError } from './error.ts';
import { excerpt } from './excerpt.ts';
import type { Header } from './header.ts';
import { MAX_ENTRY } from './limits.ts';
import { encodeHashes } from './log-head.ts';

/** What a container holds of its entries, and its header, the schema of which is a released one. */
export type Packed = { readonly block: Buffer; readonly codec: Codec; readonly header: Header };

export type Unpacked = {
  /** One after the other, in memory of their own. */
  readonly entries: Buffer;
  /** Where each entry begins, and last where the last one ends. */
  readonly bounds: Uint32Array;
};

/**
 * Here and now.
 * @throws LedgerError CONTAINER_MALFORMED, ENTRY_MALFORMED, ENTRIES_MISMATCH
 */
export function unpackEntries({ block, codec, header }: Packed): Unpacked {
  const schema = RELEASED_ENTRY_SCHEMAS.get(header.schema) as EntrySchema;
  const entries = decodeBlock(block, codec);
  const bounds = findEntries(entries, header, schema);
  checkEntries(entries, bounds, header);
  checkLeaves(entries, bounds, header);
  return { entries, bounds };
}

function findEntries(entries: Buffer, header: Header, schema: EntrySchema): Uint32Array {
  const bounds = new Uint32Array(header.count + 1);
  let at = 0;
  for (let i = 0; i < header.count; i += 1) {
    bounds[i] = at;
    const end = schema.skip(entries, at);
    if (end < 0 || end - at > MAX_ENTRY) throw entryFault(header, i, 'it is no canonical Avro');
    at = end;
  }
  bounds[header.count] = at;
  if (at !== entries.length) {
    throw entryFault(header, header.count, `${entries.length - at} bytes stand after the last one`);
  }
  return bounds;
}

function checkEntries(entries: Buffer, bounds: Uint32Array, header: Header): void {
  const entry = new EntryCursor();
  const problems: Record<string, number> = {};
  let offset = header.offsets.from;
  for (let i = 0; i < header.count; i += 1) {
    entry.read(entries, bounds[i] as number, bounds[i + 1] as number);
    const index = header.first + i;
    if (entry.index !== index) throw entryFault(header, i, `its index is ${entry.index}`);
    if (entry.offset < offset || entry.offset >= header.offsets.to) {
      throw entryFault(header, i, `its offset is ${entry.offset}, outside what was due`);
    }
    if (header.lost.some(({ from, to }) => entry.offset >= from && entry.offset < to)) {
      throw entryFault(header, i, `its offset ${entry.offset} is said to be lost`);
    }
    offset = entry.offset + 1;
    if (entry.problem !== null) problems[entry.problem] = (problems[entry.problem] ?? 0) + 1;
  }
  const counted = Object.entries(problems);
  const said = Object.keys(header.problems).length;
  if (said !== counted.length || counted.some(([name, n]) => header.problems[name] !== n)) {
    throw new LedgerError(
      'ENTRIES_MISMATCH',
      `${nameOf(header)} has problems ${JSON.stringify(problems)} where its header says ${excerpt(JSON.stringify(header.problems))}.`,
    );
  }
}

function checkLeaves(entries: Buffer, bounds: Uint32Array, header: Header): void {
  const range = rangeOfEntries(entries, bounds, header.first);
  if (encodeHashes(range.hashes).join() !== header.entries.join()) {
    throw new LedgerError(
      'ENTRIES_MISMATCH',
      `The entries of ${nameOf(header)} do not hash to what its header says: one was changed, removed, added or moved.`,
    );
  }
}

export const nameOf = ({ origin, batch }: Header): string => `${origin} batch ${batch}`;

function entryFault(header: Header, i: number, why: string): LedgerError {
  return new LedgerError(
    'ENTRY_MALFORMED',
    `Entry ${i} of ${nameOf(header)} is refused: ${why}. The object was changed or was not made by Authseal.`,
  );
}
