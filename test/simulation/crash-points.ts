/** Between which steps a round must have crashed: each request of each service, on both its ways. */

const TRANSACTION = ['AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn'];
const SEAL = ['AddPartitionsToTxn', 'Produce', ...TRANSACTION];
const OPEN = ['InitProducerId', 'OffsetFetch', 'ListOffsets'];

/** In the order in which they come. */
const REQUESTS: Record<string, readonly string[]> = {
  service: ['Produce'],
  ingestor: [...OPEN, 'Metadata', ...SEAL],
  archiver: [...OPEN, 'ListObjectVersions', 'PutObject', 'HeadObject', ...TRANSACTION],
};

type Counts = Readonly<Record<string, number>>;

export type CrashPoint = {
  readonly between: string;
  /** Schedules in which a process crashed there, or was stopped and woke later. */
  readonly crashed: number;
  readonly stopped: number;
};

/** By "kind: request asked", when it was on its way, and "kind: request done", when its answer was. */
export function crashPoints(crashes: Counts, stops: Counts): CrashPoint[] {
  const point = (at: string, between: string) => {
    return { between, crashed: crashes[at] ?? 0, stopped: stops[at] ?? 0 };
  };
  return Object.entries(REQUESTS).flatMap(([kind, requests]) =>
    requests.flatMap((request) => [
      point(`${kind}: ${request} asked`, `${kind}: ${request} asked … done`),
      point(`${kind}: ${request} done`, `${kind}: ${request} done … answered`),
    ]),
  );
}
