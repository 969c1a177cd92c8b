/** A figure is measured beside its reference in the same run: a shared machine makes others say nothing. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { ROOT } from '../plain/commands.ts';

export const RESULTS = `${ROOT}/.cache/bench`;

export type Figure = {
  readonly name: string;
  readonly ours: number;
  readonly reference: number | null;
  /** How much of the reference ours reaches; null without a reference. */
  readonly ratio: number | null;
  readonly unit: string;
};

/**
 * Runs ours and the reference by turns, so that what else the machine does meets both.
 * @param rounds how often; each gives one pair
 */
export async function byTurns<T>(
  rounds: number,
  ours: (round: number) => Promise<T>,
  reference: (round: number) => Promise<T>,
): Promise<{ ours: T; reference: T }[]> {
  const pairs: { ours: T; reference: T }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Who goes first changes, too: the second finds warm caches.
    if (round % 2 === 0) {
      const first = await reference(round);
      pairs.push({ ours: await ours(round), reference: first });
    } else {
      const first = await ours(round);
      pairs.push({ ours: first, reference: await reference(round) });
    }
  }
  return pairs;
}

/** The round whose ratio is the median. Both numbers are rates: more is better. */
export function medianFigure(
  name: string,
  unit: string,
  pairs: readonly { ours: number; reference: number }[],
): Figure {
  const sorted = pairs.toSorted((a, b) => a.ours / a.reference - b.ours / b.reference);
  const { ours, reference } = sorted[sorted.length >> 1] as { ours: number; reference: number };
  return { name, ...rounded(ours, reference), ratio: round(ours / reference, 3), unit };
}

/** Of a figure that has no reference. */
export const plainFigure = (name: string, unit: string, ours: number): Figure => ({
  name,
  ours: round(ours, 2),
  reference: null,
  ratio: null,
  unit,
});

/** Shows them, and keeps them as JSON under this name. */
export function tellFigures(name: string, figures: readonly Figure[]): void {
  console.table(figures);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(`${RESULTS}/${name}.json`, `${JSON.stringify(figures, null, 2)}\n`);
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number;
}

const rounded = (ours: number, reference: number) => ({
  ours: round(ours, 2),
  reference: round(reference, 2),
});

const round = (value: number, digits: number): number =>
  value >= 1000 ? Math.round(value) : Number(value.toFixed(digits));
