/** Exit statuses, and what a failed command says. */
import { LedgerError } from '@authseal/ledger';
import { RuntimeError } from '@authseal/runtime';
import { CommanderError } from 'commander';
import { VerifierError } from '../error.ts';
import { printable } from '../report/table.ts';
import { lookedAtNothing, type Report } from '../verify/verify-archive.ts';

const PROBLEMS = 1;
/** Wrong flags, values, settings or key files. */
const USAGE = 2;
/** A region or a disk failed, or there was nothing to look at: nothing is said of the archive. */
const UNFINISHED = 3;

/** Of a run that came to its end. A range without a single batch is neither intact nor broken. */
export function statusOf(report: Report): number {
  if (report.ok) return 0;
  return lookedAtNothing(report) ? UNFINISHED : PROBLEMS;
}

export function exitStatusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  if (error instanceof VerifierError) return error.code === 'WRITE_FAILED' ? UNFINISHED : USAGE;
  if (error instanceof LedgerError) return USAGE;
  if (error instanceof RuntimeError && error.code === 'INVALID_CONFIG') return USAGE;
  return UNFINISHED;
}

export function explain(error: unknown): string {
  const isUsage = exitStatusOf(error) === USAGE;
  const text = isUsage ? (error as Error).message : `${NOTHING_SAID} ${detailOf(error)}`;
  // A path, a setting or an answer of a store may hold anything.
  return text.split('\n').map(printable).join('\n');
}

const NOTHING_SAID = 'Could not finish, so nothing is said of the archive.';

/** Where an error came from matters only when it is none that was foreseen. */
function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isForeseen =
    error instanceof RuntimeError || error instanceof VerifierError || isOfSystem(error);
  return isForeseen ? error.message : (error.stack ?? error.message);
}

/** Of a disk, a pipe or a socket. */
const isOfSystem = (error: Error): boolean => 'syscall' in error;

/** Standard output takes no more: what was printed is not whole, so no other status may stand. */
export function stopAtOutput(error: NodeJS.ErrnoException): never {
  const why = error.code === 'EPIPE' ? 'whoever read it has closed it' : error.message;
  process.stderr.write(`Could not finish: standard output takes no more: ${printable(why)}.\n`);
  process.exit(UNFINISHED);
}
