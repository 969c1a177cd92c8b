/**
 * One event as a line of JSON (JSONL): the event's own fields by their names in the schema, then
 * `authseal`, which says where it is sealed.
 *
 * - Times (microseconds in the schema) are RFC 3339 in UTC with six decimals: as text they sort.
 * - Bytes are padded standard base64. Absent fields are null.
 */
import type { AuthEvent } from '@authseal/schemas';
import type { Sighting } from '../verify/producer-chain.ts';
import { timeText } from '../verify/scope.ts';

export function eventLine(event: AuthEvent, { batch: { header }, entry }: Sighting): string {
  const { termination } = event;
  const line = {
    ...event,
    time: microsText(event.time),
    termination: termination
      ? { ...termination, effectiveAt: microsText(termination.effectiveAt) }
      : null,
    authseal: {
      origin: header.origin,
      batch: header.batch,
      index: entry.index,
      offset: entry.offset,
      producer: entry.key?.toString() ?? null,
      sealedAt: timeText(header.sealedAt),
    },
  };
  return `${JSON.stringify(line, base64ForBytes)}\n`;
}

/** A Buffer has become `{ type: 'Buffer', data: [...] }` by the time that a replacer sees it. */
function base64ForBytes(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const original = this[key];
  return Buffer.isBuffer(original) ? original.toString('base64') : value;
}

/** Microseconds since 1970; outside the years that RFC 3339 has, the plain number. */
export function microsText(micros: number): string {
  const ms = Math.floor(micros / 1000);
  const rest = String(micros - ms * 1000).padStart(3, '0');
  const date = new Date(ms);
  const text = Number.isNaN(date.getTime()) ? '' : date.toISOString();
  return /^\d{4}-/.test(text) ? text.replace('Z', `${rest}Z`) : String(micros);
}
