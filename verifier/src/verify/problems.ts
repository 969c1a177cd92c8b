/** The problems of one run, as they are found. */
import { PROBLEM_CODES, type ProblemCode, type Severity } from './problem-codes.ts';

export type Problem = {
  readonly code: ProblemCode;
  readonly severity: Severity;
  /** The log. */
  readonly origin: string | null;
  /** The batch; the first one where the problem is of several in a row. */
  readonly batch: number | null;
  /** null: not of one region. */
  readonly region: string | null;
  /** The whole key, with `?versionId=…` when it is of one version. */
  readonly object: string | null;
  readonly expected: string;
  readonly found: string;
  /** Where it is and what it means, in plain words. */
  readonly message: string;
};

/** Where a problem is, and what was expected there. */
export type Finding = {
  readonly origin?: string;
  readonly batch?: number;
  readonly region?: string;
  readonly object?: string;
  readonly expected: string;
  readonly found: string;
  /** Where a code's severity depends on the case. */
  readonly severity?: Severity;
};

type Run = { readonly code: ProblemCode; readonly finding: Finding; last: number };

/**
 * Collects problems. The same breach of batch after batch becomes one problem, so that an archive
 * without any lock does not become a million lines; incidents stay apart, for each is accepted by
 * itself.
 */
export class Problems {
  readonly #runs: Run[] = [];
  readonly #open = new Map<string, Run>();

  add(code: ProblemCode, finding: Finding): void {
    const { origin, region, batch } = finding;
    const key = `${code} ${origin} ${region}`;
    const open = this.#open.get(key);
    if (open !== undefined && batch !== undefined && batch === open.last + 1) {
      open.last = batch;
      return;
    }
    const run = { code, finding, last: batch ?? -1 };
    this.#runs.push(run);
    if (PROBLEM_CODES[code].severity === 'breach') this.#open.set(key, run);
  }

  /** Gravest first, then by place. */
  list(): Problem[] {
    return this.#runs.map(toProblem).sort(byGravityAndPlace);
  }
}

function toProblem({ code, finding, last }: Run): Problem {
  const { origin, batch, region, object, expected, found } = finding;
  const { meaning, severity } = PROBLEM_CODES[code];
  const more =
    batch !== undefined && last > batch ? ` (and the same of the batches up to ${last})` : '';
  return {
    code,
    severity: finding.severity ?? severity,
    origin: origin ?? null,
    batch: batch ?? null,
    region: region ?? null,
    object: object ?? null,
    expected,
    found: found + more,
    message: `${placeOf(finding, last)}: ${meaning}`,
  };
}

function placeOf({ origin, batch, region, object }: Finding, last: number): string {
  const batches =
    batch === undefined ? '' : last > batch ? ` batches ${batch} to ${last}` : ` batch ${batch}`;
  const place = origin === undefined ? (object ?? 'The archive') : `${origin}${batches}`;
  return region === undefined ? place : `${place} in ${region}`;
}

const GRAVITY: readonly Severity[] = ['breach', 'incident', 'note'];

function byGravityAndPlace(a: Problem, b: Problem): number {
  return (
    GRAVITY.indexOf(a.severity) - GRAVITY.indexOf(b.severity) ||
    (a.origin ?? '').localeCompare(b.origin ?? '', 'en', { numeric: true }) ||
    (a.batch ?? -1) - (b.batch ?? -1)
  );
}
