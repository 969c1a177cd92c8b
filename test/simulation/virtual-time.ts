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

/** Replaces the globals; only for a process of its own. */
export function install(): void {
  type Handle = { cancel(): void; unref(): Handle; ref(): Handle };
  const after = (callback: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): Handle => {
    const world = theWorld();
    const cancel = world.after(ms, world.current, () => callback(...args));
    const handle: Handle = { cancel, unref: () => handle, ref: () => handle };
    return handle;
  };
  const cancel = (handle: Handle | null | undefined) => handle?.cancel();
  Object.assign(globalThis, { setTimeout: after, clearTimeout: cancel });
  Date.now = () => theWorld().now;
  Math.random = () => theWorld().random.next();
}
