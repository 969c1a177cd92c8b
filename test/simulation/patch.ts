/**
 * The product's text with one change.
 * @throws when what is to be changed does not stand there exactly once
 */
export function patched(source: string, file: string, from: string, to: string): string {
  const parts = source.split(from);
  if (parts.length !== 2) {
    throw new Error(
      `${file} holds ${parts.length - 1} times what a variant changes; it must be once:\n${from}`,
    );
  }
  return parts.join(to);
}
