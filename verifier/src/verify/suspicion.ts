/**
 * A hole before a batch that was sealed within the grace period. Archivers write several batches
 * side by side, so in a live archive the later one may be there first. Only if a second look, when
 * the log has been walked, still finds nothing there, the batch is missing.
 */
import type { Finding } from './problems.ts';

export type Suspicion = {
  /** Keys, without the prefix, of which one would hold the first missing batch. */
  readonly names: readonly string[];
  /** Regions of which one would have it. */
  readonly regions: readonly string[];
  readonly finding: Finding;
};

/** Whether a region has a version at a key (without its prefix) by now. */
export type HasVersion = (region: string, name: string) => Promise<boolean>;

/** Those that a second look bears out. */
export async function lookAgain(
  suspicions: readonly Suspicion[],
  hasVersion: HasVersion,
): Promise<Suspicion[]> {
  const borneOut: Suspicion[] = [];
  for (const suspicion of suspicions) {
    const { names, regions } = suspicion;
    const looks = regions.flatMap((region) => names.map((name) => hasVersion(region, name)));
    if (!(await Promise.all(looks)).includes(true)) borneOut.push(suspicion);
  }
  return borneOut;
}
