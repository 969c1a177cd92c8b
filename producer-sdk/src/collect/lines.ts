/** Bytes as lines. A line too long to be one costs no memory; it is counted and passed over. */
import { isUtf8 } from 'node:buffer';

/** Syslog lines end at 8 KiB or less; what is longer is no log. */
export const MAX_LINE_BYTES = 65_536;

/** A line by its number, from 1: its text without its end, or why it has none. */
export type Line = { number: number; text: string } | { number: number; malformed: string };

const LF = 0x0a;
const CR = 0x0d;

/** Lines end by LF or CRLF; the last may have no end. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 0;

  function add(part: Buffer): void {
    length += part.length;
    if (length <= MAX_LINE_BYTES) parts.push(part);
    else parts = [];
  }

  function take(): Line {
    number++;
    const line = decode(number, parts, length);
    parts = [];
    length = 0;
    return line;
  }

  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      add(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    add(chunk.subarray(start));
  }
  if (length > 0) yield take();
}

function decode(number: number, parts: Buffer[], length: number): Line {
  if (length > MAX_LINE_BYTES) {
    return { number, malformed: `longer than ${MAX_LINE_BYTES} bytes` };
  }
  const bytes = Buffer.concat(parts);
  if (!isUtf8(bytes) || bytes.includes(0)) return { number, malformed: 'not text (UTF-8)' };
  const end = bytes.at(-1) === CR ? bytes.length - 1 : bytes.length;
  return { number, text: bytes.toString('utf8', 0, end) };
}
