/** What memory is held after a garbage collection, and the most that was ever held. */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const MIB = 1024 * 1024;

/** In MiB: of objects and buffers, once nothing is left that nobody needs. */
export async function held(): Promise<number> {
  // What Node holds for zlib it lets go some turns after a failure.
  for (let turn = 0; turn < 5; turn += 1) {
    await setImmediate();
    collect();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MIB;
}

/** In MiB: the most that this process was ever given. */
export const peak = (): number => process.resourceUsage().maxRSS / 1024;
