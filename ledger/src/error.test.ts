import { describe, expect, it } from 'vitest';
import { LedgerError } from './error.ts';

describe('the error of the ledger', () => {
  it('shows its name, and bears a code and a cause', () => {
    const cause = new Error('why');
    const error = new LedgerError('OUT_OF_RANGE', 'x is no leaf', { cause });
    expect(String(error)).toBe('LedgerError: x is no leaf');
    expect(error).toMatchObject({ code: 'OUT_OF_RANGE', cause });
  });
});
