/** Which service an event names, without reading the rest of it: asked of every event there is. */
import { type Batch, type EntryCursor, Span } from '@authseal/ledger';
import { AUTH_EVENT_FINGERPRINT } from '@authseal/schemas';

/** The name decoded last: most events in a row are of one service. */
let last = { bytes: Buffer.alloc(0), text: '' };
const name = new Span();

/** Of the entry that the cursor is at; null: it holds no event. */
export function serviceOfEvent(batch: Batch, { event, bytes, index }: EntryCursor): string | null {
  if (event.isNull) return null;
  if (!batch.eventSchema.equals(AUTH_EVENT_FINGERPRINT)) {
    return batch.schema.read(batch.bytesOf(index - batch.header.first)).event?.service ?? null;
  }
  // The current schema begins with id string, time long, kind enum, service string.
  const id = lengthAt(bytes, event.at);
  const time = id.end + id.length;
  const kind = endOfVarint(bytes, time);
  const { end: at, length } = lengthAt(bytes, endOfVarint(bytes, kind));
  name.at = at;
  name.end = at + length;
  if (!name.is(bytes, last.bytes)) {
    const copy = Buffer.from(name.of(bytes) as Buffer);
    last = { bytes: copy, text: copy.toString() };
  }
  return last.text;
}

/** The length before a string, below 2^28 for no entry is longer. */
function lengthAt(bytes: Buffer, at: number): { length: number; end: number } {
  const end = endOfVarint(bytes, at);
  let zigzag = 0;
  for (let i = end - 1; i >= at; i -= 1) zigzag = zigzag * 128 + ((bytes[i] as number) & 0x7f);
  return { length: zigzag / 2, end };
}

function endOfVarint(bytes: Buffer, at: number): number {
  let end = at;
  while ((bytes[end] as number) >= 0x80) end += 1;
  return end + 1;
}
