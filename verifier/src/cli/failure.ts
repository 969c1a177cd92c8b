/** What a failed command says, and its exit status. */
import { LedgerError } from '@authseal/ledger';
import { RuntimeError } from '@authseal/runtime';
import { CommanderError } from 'commander';
import { VerifierError } from '../error.ts';

/** Wrong flags, values, settings or key files. */
const USAGE = 2;
/** A region or a disk failed: nothing is said of the archive. */
const UNFINISHED = 3;

export function exitStatusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  if (error instanceof VerifierError || error instanceof LedgerError) return USAGE;
  if (error instanceof RuntimeError && error.code === 'INVALID_CONFIG') return USAGE;
  return UNFINISHED;
}

export function explain(error: unknown): string {
  if (error instanceof RuntimeError && error.code !== 'INVALID_CONFIG') {
    return `Could not finish, so nothing is said of the archive. ${error.message}`;
  }
  const isOurs =
    error instanceof RuntimeError || error instanceof VerifierError || error instanceof LedgerError;
  if (isOurs) return error.message;
  return `Could not finish: ${error instanceof Error ? (error.stack ?? error.message) : error}`;
}
