/** Ids of events: UUIDv7 (RFC 9562, section 5.7), in the order of time to the millisecond. */
import { randomFillSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

const ID_BYTES = 16;
/** Fetched one by one, random bytes would cost more than all else that recording an event does. */
const random = Buffer.alloc(256 * ID_BYTES);
let used = random.length;

export function newEventId(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  used += ID_BYTES;
  return uuidv7({ random: random.subarray(used - ID_BYTES, used) });
}
