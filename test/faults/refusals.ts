/** What a service says that it waits for a person for, by its metrics. */

/** Codes for which partitions of an ingestor are refused, or of an archiver are stopped; how many by code. */
export async function refusals(endpoint: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${endpoint}/metrics`)).text();
  const found = text.matchAll(
    /^authseal_(?:ingestor_refused|archiver_stopped)\{[^}]*code="(\w+)"[^}]*\} 1$/gm,
  );
  const codes: Record<string, number> = {};
  for (const [, code] of found) codes[code as string] = (codes[code as string] ?? 0) + 1;
  return codes;
}
