/** What is judged, and as of when. All times in milliseconds since 1970. */
export type Scope = {
  /** All is judged as of this moment; batches sealed later are not looked at. */
  readonly at: number;
  /** What the clock shows now; batches sealed more than `grace` after it (and `at`) have a wrong clock. */
  readonly now: number;
  /** How long a batch may take to reach a region. */
  readonly grace: number;
  /** Only batches sealed at or after this; null: from the first. */
  readonly from: number | null;
  /** Only batches sealed before this; null: to the last. */
  readonly to: number | null;
};

/** The last moment whose batches are looked at. */
export function endOf({ at, to }: Scope): number {
  return to === null ? at : Math.min(at, to - 1);
}

/** Whether what was sealed at this moment must have reached every region. */
export function isDue(sealedAt: number, { at, grace }: Scope): boolean {
  return sealedAt <= at - grace;
}

/** Milliseconds since 1970 as RFC 3339, for people. */
export function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
