/** How far a run is: a bar on standard error, on a terminal only. */
import { SingleBar } from 'cli-progress';
import type { Progress } from '../verify/verify-archive.ts';

const PARTS = 1000;

export class ProgressBar {
  readonly #bar: SingleBar | null;

  constructor() {
    this.#bar = process.stderr.isTTY
      ? new SingleBar({
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: true,
          format: '{bar} {percentage}% | {batches} batches, {entries} entries | {origin}',
        })
      : null;
    this.#bar?.start(PARTS, 0, { batches: 0, entries: 0, origin: 'listing' });
  }

  readonly show = ({ part, ...payload }: Progress): void => {
    this.#bar?.update(Math.floor(part * PARTS), payload);
  };

  stop(): void {
    this.#bar?.stop();
  }
}
