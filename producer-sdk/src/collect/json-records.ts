/**
 * The records of a JSON file, one by one, in bounded memory: those of an array, of an object with
 * `Records` as its first member (what CloudTrail delivers to S3), or objects one after the other
 * (JSON lines). Only brackets and strings are looked at here, each record being left to JSON.parse:
 * a general streaming parser would hold whatever depth, key or string a hostile file asks for.
 */
import { isUtf8 } from 'node:buffer';
import { ProducerError } from '../error.ts';

/** CloudTrail's own limit is 256 KB a record. */
export const MAX_RECORD_BYTES = 1_048_576;

/** Deeper than any API's parameters; what reads a record later may recurse. */
export const MAX_DEPTH = 100;

/** A record by the offset of its first byte: its text, or why it has none. */
export type RecordText =
  | { position: number; text: string }
  | { position: number; malformed: string };

/** Where the next byte outside a record stands. */
type Place =
  /** Between values of the file. */
  | 'file'
  /** In a list, before its first record; before another; after one. */
  | 'list start'
  | 'list record'
  | 'list end'
  /** In the object around `Records`, behind that list. */
  | 'tail';

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const SPACES = new Set([0x20, 0x09, 0x0a, 0x0d]);
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** An object that has shown so much when its second bracket opens is the one around `Records`. */
const MAX_AROUND_RECORDS_BYTES = 100;
const AROUND_RECORDS = /^\{\s*"Records"\s*:\s*\[$/;

/**
 * @param name the file, for errors
 * @throws ProducerError UNREADABLE_INPUT where the text cannot be split into records
 */
export async function* readJsonRecords(
  chunks: AsyncIterable<Buffer>,
  name: string,
): AsyncGenerator<RecordText> {
  let place: Place = 'file';
  let inRecords = false;
  let position = 0;

  // The record that is being read.
  let depth = 0;
  let deepest = 0;
  let inString = false;
  let escaped = false;
  let start = 0;
  let size = 0;
  let parts: Buffer[] = [];

  const fault = (expected: string) =>
    new ProducerError('UNREADABLE_INPUT', `${name}: byte ${position}: expected ${expected}`);

  function keep(part: Buffer): void {
    size += part.length;
    if (size <= MAX_RECORD_BYTES) parts.push(part);
    else parts = [];
  }

  function begin(): void {
    start = position;
    depth = 1;
    deepest = 1;
    size = 0;
    parts = [];
  }

  function take(): RecordText {
    const bytes = Buffer.concat(parts);
    parts = [];
    if (size > MAX_RECORD_BYTES) {
      return { position: start, malformed: `longer than ${MAX_RECORD_BYTES} bytes` };
    }
    if (deepest > MAX_DEPTH) {
      return { position: start, malformed: `nested deeper than ${MAX_DEPTH}` };
    }
    if (!isUtf8(bytes)) return { position: start, malformed: 'not text (UTF-8)' };
    return { position: start, text: bytes.toString() };
  }

  /** A byte outside of records; true when a record, or what is skipped like one, begins with it. */
  function between(byte: number): boolean {
    if (SPACES.has(byte)) return false;
    switch (place) {
      case 'file':
        if (position < 3 && byte === BYTE_ORDER_MARK[position]) return false;
        if (byte === OPEN_OBJECT) return true;
        if (byte !== OPEN_LIST) throw fault("'[' or '{': is this JSON?");
        place = 'list start';
        return false;
      case 'list start':
      case 'list record':
        if (byte === OPEN_OBJECT) return true;
        if (byte !== CLOSE_LIST || place === 'list record') throw fault("a record, '{'");
        place = inRecords ? 'tail' : 'file';
        return false;
      case 'list end':
        if (byte !== COMMA && byte !== CLOSE_LIST) throw fault("',' or ']' after a record");
        if (byte === COMMA) place = 'list record';
        else place = inRecords ? 'tail' : 'file';
        return false;
      case 'tail':
        if (byte !== CLOSE_OBJECT) throw fault("'}' behind the list Records");
        inRecords = false;
        place = 'file';
        return false;
    }
  }

  for await (const chunk of chunks) {
    let from = 0;
    for (let i = 0; i < chunk.length; i++, position++) {
      const byte = chunk[i] as number;
      if (depth === 0) {
        if (between(byte)) {
          begin();
          from = i;
        }
      } else if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) {
        inString = true;
      } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        depth++;
        deepest = Math.max(deepest, depth);
        if (depth === 2 && place === 'file' && size + i - from < MAX_AROUND_RECORDS_BYTES) {
          const soFar = Buffer.concat([...parts, chunk.subarray(from, i + 1)]);
          if (AROUND_RECORDS.test(soFar.toString())) {
            inRecords = true;
            place = 'list start';
            depth = 0;
          }
        }
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        depth--;
        if (depth > 0) continue;
        keep(chunk.subarray(from, i + 1));
        if (place !== 'file') place = 'list end';
        yield take();
      }
    }
    if (depth > 0) keep(chunk.subarray(from));
  }
  if (depth > 0) throw fault(`the end of the record that begins at byte ${start}`);
  if (place !== 'file') throw fault('the end of the list of records');
}
