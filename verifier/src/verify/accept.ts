/**
 * The file of accepted incidents (`--accept`). A line is
 *
 *     <code> <origin> <batch or version id> <reason>
 *
 * parted by white space, the reason being the rest of the line; `-` stands for no origin. Empty lines
 * and lines that begin with `#` are passed over. Only incidents can be accepted: a line that names a
 * breach is refused, which is said, and changes nothing.
 */
import { VerifierError } from '../error.ts';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts';
import type { Problem } from './problems.ts';

export type Acceptance = {
  /** Of the file, from 1. */
  readonly line: number;
  readonly code: ProblemCode;
  /** null: of no log. */
  readonly origin: string | null;
  /** Number of the batch, or a version id. */
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
      throw refused(i + 1, '"<code> <origin> <batch or version id> <reason>" was expected');
    }
    if (!isProblemCode(code)) throw refused(i + 1, `"${code}" is no code of a problem`);
    return [{ line: i + 1, code, origin: origin === '-' ? null : origin, place, reason }];
  });
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
      code === problem.code &&
      origin === problem.origin &&
      (place === String(problem.batch) || problem.object?.endsWith(`?versionId=${place}`)),
  );
  return acceptance?.reason ?? null;
}

const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEM_CODES, code);

function refused(line: number, why: string): VerifierError {
  return new VerifierError(
    'ACCEPT_MALFORMED',
    `Line ${line} of the file of accepted incidents is refused: ${why}.`,
  );
}
