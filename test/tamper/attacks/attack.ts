/** One row of docs/threats.md, and the test that shows it. */
import type { StoredCopy } from '../stored-copy.ts';

export type Attack = {
  /** What the attacker does. */
  readonly attack: string;
  /** By what it is found. */
  readonly shownBy: string;
  /** The gravest of what is found; `refused`: the store lets none of it happen. */
  readonly severity: 'breach' | 'incident' | 'note' | 'refused';
  /** What verify names, each as `CODE batch region`, the last two where there are some. */
  readonly finds: readonly string[];
  /** Leaves the archive as the attacker does. Returns flags for `authseal verify`, if it needs some. */
  readonly run: (copy: StoredCopy) => Promise<readonly string[] | undefined>;
};

/** Names of the two regions; attacks on one region are on the second. */
export const [A, B] = ['eu-central-1', 'eu-west-1'] as const;

/** The object that attacks on one object are on: the middle of log 0. */
export const isVictim = ({ header }: { header: { batch: number; origin: string } }): boolean =>
  header.batch === 2 && header.origin.endsWith('/0');
