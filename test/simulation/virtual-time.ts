/**
 * Time and chance as the seed has them, for what takes them from the globals: kafkajs's waits and
 * p-retry's. What the product's own parts take as an argument, they are given.
 */
import { theWorld } from './world.ts';

/** In the place of node:timers/promises. */
export function setTimeout<T>(ms: number, value?: T): Promise<T | undefined> {
  const world = theWorld();
  return new Promise((resolve) => world.after(ms, world.current, () => resolve(value)));
}

/** What Node's timers have and the product uses. */
class Timer {
  readonly #begin: () => () => void;
  #cancel: () => void;

  constructor(ms: number, callback: () => void) {
    const world = theWorld();
    const { current } = world;
    this.#begin = () => world.after(ms, current, callback);
    this.#cancel = this.#begin();
  }

  cancel(): void {
    this.#cancel();
  }

  refresh(): this {
    this.#cancel();
    this.#cancel = this.#begin();
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** Replaces the globals; only for a process of its own. */
export function install(): void {
  Object.assign(globalThis, {
    setTimeout: (callback: () => void, ms = 0) => new Timer(ms, callback),
    clearTimeout: (timer: Timer | null | undefined) => timer?.cancel(),
  });
  Date.now = () => theWorld().now;
  Math.random = () => theWorld().random.next();
}
