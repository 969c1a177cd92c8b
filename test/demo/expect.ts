/** What the demo claims, it checks: what does not hold ends it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fact } from './terminal.ts';

/** Something did not go as told. */
export class DemoFailure extends Error {
  override readonly name = 'DemoFailure';
}

/** Shows `claim` when it holds, else throws DemoFailure with what was seen instead. */
export function expect(holds: boolean, claim: string, seen: string): void {
  if (!holds) throw new DemoFailure(`Expected: ${claim}\nSeen: ${seen}`);
  fact(claim);
}

/** Nothing on one machine takes this long; the machine may be busy. */
const PATIENCE_MS = 60_000;

/**
 * Looks again and again until `done`.
 * @throws DemoFailure when it has waited too long
 */
export async function until<T>(
  what: string,
  look: () => Promise<T>,
  done: (seen: T) => boolean,
  pauseMs: number,
): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (done(seen)) return seen;
    if (Date.now() > deadline) {
      throw new DemoFailure(
        `Expected: ${what} within ${PATIENCE_MS / 1000} s\nSeen: ${JSON.stringify(seen)}`,
      );
    }
    await sleep(pauseMs);
  }
}
