/** One thing that `doctor` looked at. `warn`: could not be told, or is right only for development. */
export type CheckResult = {
  /** The region, or `kafka`. */
  readonly place: string;
  readonly check: string;
  readonly result: 'ok' | 'warn' | 'fail';
  /** What was seen, and where it failed what to do. */
  readonly detail: string;
};
