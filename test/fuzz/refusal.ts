/** What a refusal must be: an error of our own, short, and such as a terminal may show. */
import { expect } from 'vitest';

type Refusal = { readonly name: string; readonly code: string; readonly message: string };

/** Characters that a message may have: what it quotes, it quotes in part. */
const MAX_MESSAGE = 700;

/** What `act` gives, or the code of the error of this class that it throws; any other is thrown on. */
export function tried<T>(
  kind: new (...args: never[]) => Error,
  act: () => T,
): T | { code: string } {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof kind)) throw error;
    const { code, message } = error as unknown as Refusal;
    expect(message.length).toBeLessThan(MAX_MESSAGE);
    expect(message).not.toMatch(UNPRINTABLE);
    return { code };
  }
}

export const isRefused = (outcome: unknown): outcome is { code: string } =>
  typeof outcome === 'object' && outcome !== null && Object.keys(outcome).join() === 'code';

/** Control and format characters, but for the end of a line. */
const UNPRINTABLE = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u;
