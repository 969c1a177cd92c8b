/** The problems of one run, as they are found. */
import { MAX_ALIKE, MAX_TOLD } from '../limits.ts';
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
  /** The producer whose signature shows it: it is not of what anybody may write. */
  readonly signedBy?: string;
};

/** One problem, or several that are told as one. */
type Told = {
  readonly code: ProblemCode;
  readonly finding: Finding;
  /** The last batch of the same breach in a row. */
  last: number;
  /** Of the same code, log and batch. */
  alike: number;
  /** How many of the same code, log and region were told before it. */
  readonly before: number;
};

/**
 * Collects problems, and keeps their number in bounds:
 *
 * - The same breach of batch after batch becomes one, so that an archive without any lock does not
 *   become a million lines. Incidents stay apart, for each batch's is accepted by itself.
 * - Of those of one code, log and batch that are of no object, so many are told one by one, and the
 *   rest counted: a hostile producer can make one with every event. What a producer's signature shows
 *   is counted apart, so that nobody can hide it behind what he makes; so are notes.
 * - Of those of one code, log and region, so many are told, and the rest becomes one that names no
 *   object and so cannot be accepted: whoever may write can put any number of objects anywhere.
 */
export class Problems {
  readonly #told: Told[] = [];
  readonly #latest = new Map<string, Told>();
  readonly #surplus = new Map<string, { code: ProblemCode; finding: Finding; count: number }>();

  add(code: ProblemCode, finding: Finding): void {
    const { origin, region, batch, object, severity, signedBy } = finding;
    const key = [code, severity, origin, region, signedBy].join(' ');
    const latest = this.#latest.get(key);
    const isBreach = PROBLEM_CODES[code].severity === 'breach';
    if (latest !== undefined && batch !== undefined) {
      if (isBreach && batch === latest.last + 1) {
        latest.last = batch;
        return;
      }
      if (batch === latest.last && object === undefined && latest.alike >= MAX_ALIKE) {
        latest.alike += 1;
        return;
      }
    }
    const alike = latest !== undefined && batch === latest.last ? latest.alike + 1 : 1;
    const before = latest === undefined ? 0 : latest.before + 1;
    if (before >= MAX_TOLD) {
      this.#addSurplus(key, code, finding);
      return;
    }
    const told = { code, finding, last: batch ?? -1, alike, before };
    this.#told.push(told);
    this.#latest.set(key, told);
  }

  /** Gravest first, then by place. */
  list(): Problem[] {
    const surplus = [...this.#surplus.values()].map(({ code, finding, count }) => {
      const found = `${count} more of this kind, which are not told one by one`;
      return { code, finding: { ...finding, found }, last: -1, alike: 1, before: MAX_TOLD };
    });
    return [...this.#told, ...surplus].map(toProblem).sort(byGravityAndPlace);
  }

  #addSurplus(key: string, code: ProblemCode, { batch, object, ...finding }: Finding): void {
    const { count } = this.#surplus.get(key) ?? { count: 0 };
    this.#surplus.set(key, { code, finding, count: count + 1 });
  }
}

function toProblem({ code, finding, last, alike }: Told): Problem {
  const { origin, batch, region, object, expected, found } = finding;
  const { meaning, severity } = PROBLEM_CODES[code];
  const isRun = batch !== undefined && last > batch;
  const rest = alike - MAX_ALIKE;
  const more = isRun
    ? ` (and the same of the batches up to ${last})`
    : rest > 0
      ? ` (and ${rest} more of this batch)`
      : '';
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
