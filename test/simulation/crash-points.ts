/** Between which steps a round must have crashed: each request of each service, on both its ways. */

const TRANSACTION = ['AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'];
const SEAL = ['AddPartitionsToTxn', 'Produce', ...TRANSACTION];
const OPEN = ['InitProducerId', 'OffsetFetch', 'ListOffsets'];

/** In the order in which they come. */
const REQUESTS: Record<string, readonly string[]> = {
  service: ['InitProducerId', 'Produce'],
  ingestor: [...OPEN, 'Metadata', ...SEAL],
  archiver: [...OPEN, 'ListObjectVersions', 'PutObject', 'HeadObject', ...TRANSACTION],
};

export type CrashPoint = { readonly between: string; readonly schedules: number };

/**
 * How many schedules crashed between each pair of steps.
 * @param counts by "kind: request asked" (it is on its way) and "kind: request done" (its answer is)
 */
export function crashPoints(counts: Readonly<Record<string, number>>): CrashPoint[] {
  return Object.entries(REQUESTS).flatMap(([kind, requests]) =>
    requests.flatMap((request) => [
      point(counts, `${kind}: ${request} asked`, `${kind}: ${request} asked … done`),
      point(counts, `${kind}: ${request} done`, `${kind}: ${request} done … answered`),
    ]),
  );
}

const point = (counts: Readonly<Record<string, number>>, at: string, between: string) => ({
  between,
  schedules: counts[at] ?? 0,
});
