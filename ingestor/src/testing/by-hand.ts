/** A clock and a source that move only when a test moves them. */
import { setImmediate } from 'node:timers/promises';
import type { Clock, Source } from '../journal.ts';

/** Until all that was woken waits again: nothing behind these tests waits for anything but them. */
export const settle = (): Promise<void> => setImmediate();

export class HandClock implements Clock {
  #elapsed = 0;
  #timers = new Map<() => void, number>();
  /** Milliseconds since 1970 at the start. */
  start = Date.now();

  now(): number {
    return this.start + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  after(ms: number, callback: () => void): () => void {
    this.#timers.set(callback, this.#elapsed + ms);
    return () => this.#timers.delete(callback);
  }

  /** When the timers that are set end. */
  get ends(): number[] {
    return [...this.#timers.values()];
  }

  /** Moves on to `elapsed`, in one step, and lets happen what is due then. */
  async moveTo(elapsed: number): Promise<void> {
    this.#elapsed = elapsed;
    for (const [callback, end] of this.#timers) {
      if (end <= elapsed && this.#timers.delete(callback)) callback();
    }
    await settle();
  }
}

export class HandSource implements Source {
  bounds = { start: 0, end: 0 };
  partitionCount = 1;
  /** What was asked for, in order. */
  readonly asked: string[] = [];
  isPaused = true;

  seek(offset: number): void {
    this.asked.push(`seek ${offset}`);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  async offsets(): Promise<{ start: number; end: number }> {
    this.asked.push('offsets');
    return this.bounds;
  }

  async partitions(): Promise<number> {
    this.asked.push('partitions');
    return this.partitionCount;
  }
}
