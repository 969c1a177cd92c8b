import { LedgerError, type LedgerErrorCode } from '../error.ts';

/** The code of the LedgerError that `act` throws; anything else it throws is thrown on. */
export function codeOf(act: () => unknown): LedgerErrorCode | 'NO_ERROR' {
  try {
    act();
    return 'NO_ERROR';
  } catch (error) {
    if (error instanceof LedgerError) return error.code;
    throw error;
  }
}
