/** A time such as `2026-01-31T12:00:00Z` (RFC 3339). */
const TIME =
  /^(\d{4}-\d{2}-\d{2})[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** The time in milliseconds since 1970; null when it is none, or of a day that no calendar has. */
export function parseTime(text: string): number | null {
  const [, day] = TIME.exec(text) ?? [];
  return day === undefined || parseDay(day) === null ? null : Date.parse(text);
}

/** The beginning, in UTC, of a day such as `2026-01-31`, in milliseconds since 1970; or null. */
export function parseDay(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const date = new Date(text);
  // Date takes the 30th of February for a day in March.
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
  return exists ? date.getTime() : null;
}
