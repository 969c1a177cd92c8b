/**
 * The file of accepted incidents (`--accept`). A line is
 *
 *     <code> <origin> <batch, version or object> <reason>
 *
 * parted by white space, the reason being the rest of the line. What it names is one of
 *
 *     7                        every incident of this code in batch 7 of the log, in any region
 *     3HL4kqtJlcpXroDTDmJ…     the one version with this id
 *     <key>?versionId=<id>     this version, as the report names it under `object`
 *
 * `-` stands for no origin: then there is no batch either. The version id `null`, which S3 gives to
 * all that was written without versioning, names no version without its key. Empty lines and lines
 * that begin with `#` are passed over. Only incidents can be accepted: a line that names a breach is
 * refused, which is said, and changes nothing.
 */
import { excerpt } from '@authseal/ledger';
import { VerifierError } from '../error.ts';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts';
import type { Problem } from './problems.ts';

export type Acceptance = {
  /** Of the file, from 1. */
  readonly line: number;
  readonly code: ProblemCode;
  /** null: of no log. */
  readonly origin: string | null;
  /** Number of the batch, a version id, or a whole key with `?versionId=…`. */
  readonly place: string;
  readonly reason: string;
};

/** An incident that somebody looked into, and what they found. */
export type AcceptedProblem = Problem & { readonly reason: string };

const LINE = /^(\S+)\s+(\S+)\s+(\S+)\s+(\S.*)$/;

/** @throws VerifierError ACCEPT_MALFORMED, naming the line */
export function parseAcceptances(file: string): Acceptance[] {
  return file.split(/\r?\n/).flatMap((text, i) => {
    if (text.trim() === '' || text.startsWith('#')) return [];
    const [, code, origin, place, reason] = LINE.exec(text.trim()) ?? [];
    if (code === undefined || origin === undefined || place === undefined || reason === undefined) {
      throw refused(
        i + 1,
        `${excerpt(text)} is not "<code> <origin> <batch, version or object> <reason>".`,
      );
    }
    if (!isProblemCode(code)) {
      throw refused(i + 1, `${excerpt(code)} is no code of a problem, such as DELETE_MARKER.`);
    }
    checkOrigin(origin, i + 1);
    checkPlace(place, origin, i + 1);
    return [{ line: i + 1, code, origin: origin === '-' ? null : origin, place, reason }];
  });
}

/** A line for no log at all would accept nothing, and nobody would know. */
function checkOrigin(origin: string, line: number): void {
  if (origin === '-' || /^[^/]+\/[^/]+\/\d+$/.test(origin)) return;
  throw refused(
    line,
    `${excerpt(origin)} is no log: "<deployment>/<topic>/<partition>" was expected, or "-" for none.`,
  );
}

/** A place that would be nowhere, or in many. */
function checkPlace(place: string, origin: string, line: number): void {
  if (place === UNVERSIONED) {
    throw refused(
      line,
      `"${place}" may be the version of many objects. Name the whole object, as the report does: <key>?versionId=${place}.`,
    );
  }
  if (isBatch(place) && origin === '-') {
    throw refused(
      line,
      `${place} is the number of a batch, but "-" stands for no log. Name the log's origin before it, or a version of an object.`,
    );
  }
}

/** Lines that try to accept what cannot be accepted. */
export function refusedAcceptances(acceptances: readonly Acceptance[]): Acceptance[] {
  return acceptances.filter(({ code }) => PROBLEM_CODES[code].severity === 'breach');
}

/** The reason for which a problem is accepted; null when it is not. */
export function reasonToAccept(
  problem: Problem,
  acceptances: readonly Acceptance[],
): string | null {
  if (problem.severity === 'breach') return null;
  const acceptance = acceptances.find(
    ({ code, origin, place }) =>
      code === problem.code && origin === problem.origin && isAt(problem, place),
  );
  return acceptance?.reason ?? null;
}

function isAt({ batch, object }: Problem, place: string): boolean {
  if (isBatch(place)) return Number(place) === batch;
  return object !== null && (place === object || place === versionOf(object));
}

const isBatch = (place: string): boolean => /^\d+$/.test(place);

/** S3's version id of what was written without versioning. */
const UNVERSIONED = 'null';

/** The version id behind a key, which may itself hold anything. */
function versionOf(object: string): string {
  return object.slice(object.lastIndexOf('?versionId=') + '?versionId='.length);
}

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEM_CODES, code);

function refused(line: number, why: string): VerifierError {
  return new VerifierError(
    'ACCEPT_MALFORMED',
    `Line ${line} of the file of accepted incidents is refused: ${why}`,
  );
}
