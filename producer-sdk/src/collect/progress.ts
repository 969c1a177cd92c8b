/** Progress on standard error while a long input is read; nothing where no one looks. */
import { Presets, SingleBar } from 'cli-progress';
import { inputSize } from './input.ts';
import type { Tally } from './tally.ts';

export interface Progress {
  read(bytes: number): void;
  stop(): void;
}

const MIB = 1024 * 1024;

export async function showProgress(files: readonly string[], tally: Tally): Promise<Progress> {
  if (!process.stderr.isTTY) return { read() {}, stop() {} };
  const sizes = await Promise.all(files.map(inputSize));
  const total = sizes.reduce<number | null>(
    (sum, size) => (sum === null || size === null ? null : sum + size),
    0,
  );
  const bar = new SingleBar(
    {
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
      format:
        total === null
          ? '{mib} MiB read | {events} events'
          : '{bar} {percentage}% of {of} MiB | {events} events | {eta_formatted} left',
    },
    Presets.shades_classic,
  );
  let bytes = 0;
  const state = () => ({
    mib: (bytes / MIB).toFixed(1),
    of: ((total ?? 0) / MIB).toFixed(1),
    events: tally.events.total,
  });
  bar.start(total ?? 1, 0, state());
  return {
    read(more) {
      bytes += more;
      bar.update(total === null ? 0 : bytes, state());
    },
    stop: () => bar.stop(),
  };
}
