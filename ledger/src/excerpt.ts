/** How many characters of a text a message quotes. */
const MAX_EXCERPT = 60;

/**
 * A text as a message may quote it: its beginning, what cannot be printed escaped. Key files are
 * mistaken for others, pictures among them, and no message shall speak to a terminal.
 */
export function excerpt(text: string): string {
  const start = text.slice(0, MAX_EXCERPT);
  const shown = start.replace(UNPRINTABLE, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
  return `"${shown}${text.length > MAX_EXCERPT ? '…' : ''}"`;
}

// Control and format characters (bidirectional ones among them), lone surrogates, line separators.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
