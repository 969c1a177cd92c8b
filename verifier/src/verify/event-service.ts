/** Which service an event names, without reading the rest of it: asked of every event there is. */
import type { Batch, EntryView } from '@authseal/ledger';
import { AUTH_EVENT_FINGERPRINT } from '@authseal/schemas';

/** null: the entry holds no event. */
export function serviceOfEvent(
  batch: Batch,
  { event, eventSchema, index }: EntryView,
): string | null {
  if (event === null) return null;
  if (!eventSchema.equals(AUTH_EVENT_FINGERPRINT)) {
    return batch.schema.read(batch.bytesOf(index - batch.header.first)).event?.service ?? null;
  }
  // The current schema begins with id string, time long, kind enum, service string.
  const id = lengthAt(event, 0);
  const time = id.end + id.length;
  const kind = endOfVarint(event, time);
  const service = lengthAt(event, endOfVarint(event, kind));
  return event.toString('utf8', service.end, service.end + service.length);
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
