import { SAME_WARNING_MS } from './limits.ts';
import type { Logger } from './sender.ts';

/** More different messages than these within that time do not occur; the bound keeps memory safe. */
const MAX_MESSAGES = 100;

/** A logger that passes the same message on at most once in `SAME_WARNING_MS`. */
export function sparing(logger: Logger, now: () => number): Logger {
  const given = new Map<string, number>();
  return {
    warn(details, message) {
      const last = given.get(message);
      if (last !== undefined && now() - last < SAME_WARNING_MS) return;
      if (given.size >= MAX_MESSAGES) given.clear();
      given.set(message, now());
      logger.warn(details, message);
    },
  };
}
