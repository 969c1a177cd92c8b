/** What becomes of one line or record of a log: every one of them is exactly one of these. */
import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { EventInput } from '../event-input.ts';

export type Outcome =
  /** It tells of these events, at least one. */
  | { events: EventInput[] }
  /** It is read and understood, and tells of no auth event: why. */
  | { skipped: string }
  /** It is not what such a log holds: why. */
  | { malformed: string };

/** What the caller knows and the log does not say. */
export interface CollectContext {
  /** The tenant of all events. */
  tenant: string | null;
}

/**
 * A UUIDv7 made from what is collected instead of chance, so that a log collected twice gives the
 * same ids and exports can leave the copies out.
 * @param time microseconds since 1970
 * @param seed what tells this event from all others of its time
 */
export function collectedId(time: number, ...seed: string[]): string {
  const random = createHash('sha256').update(seed.join('\n')).digest().subarray(0, 16);
  return uuidv7({ msecs: Math.floor(time / 1000), random });
}
