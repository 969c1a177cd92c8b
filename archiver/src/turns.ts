/**
 * To check a batch takes tens of milliseconds in which the process does nothing else, and of eight
 * partitions with a backlog each has several to check. So they share the event loop: when checks have
 * held it for a while, the next one waits until PUTs have left, answers were taken and probes
 * answered. (To let go after every check costs more CPU time: docs/performance.md.)
 */
import { setImmediate } from 'node:timers/promises';

/** How long checks may hold the event loop before the next one lets go of it. Milliseconds. */
const LONGEST_HOLD = 100;

export class Turns {
  #last: Promise<void> = Promise.resolve();
  #letGo = 0;

  /** Resolves when the caller may hold the event loop for one check; in the order of the calls. */
  next = (): Promise<void> => {
    this.#last = this.#last.then(async () => {
      if (performance.now() - this.#letGo < LONGEST_HOLD) return;
      await setImmediate();
      this.#letGo = performance.now();
    });
    return this.#last;
  };
}
