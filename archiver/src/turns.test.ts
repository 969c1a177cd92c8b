import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

/** Holds the event loop, as the check of a batch does. */
function hold(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

it('answers others between checks that follow each other without an end', async () => {
  const turns = new Turns();
  let isAnswered = false;
  let checks = 0;
  const check = async () => {
    while (!isAnswered && checks < 20) {
      await turns.next();
      hold(60);
      checks += 1;
    }
  };
  await turns.next();
  setImmediate(() => {
    isAnswered = true;
  });
  await Promise.all([check(), check(), check()]);
  // One more of each may have been given its turn already.
  expect(checks).toBeLessThanOrEqual(2 + 3);
});

it('gives turns in the order in which they were asked for', async () => {
  const turns = new Turns();
  const given: number[] = [];
  await Promise.all(
    [0, 1, 2, 3, 4].map(async (caller) => {
      await turns.next();
      hold(40);
      given.push(caller);
    }),
  );
  expect(given).toEqual([0, 1, 2, 3, 4]);
});
