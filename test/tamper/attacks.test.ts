/** Each attack of docs/threats.md on an archive in real S3 regions, judged by the `authseal` command. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ATTACKS } from './attacks/index.ts';
import { Place, StoredCopy } from './stored-copy.ts';

type Found = { code: string; severity: string; region: string | null; batch: number | null };

let place: Place;
beforeAll(async () => {
  place = await Place.begin();
});
afterAll(() => place?.end());

describe.each(ATTACKS)('%s, what is found of an attacker who', (_, attacks) => {
  it.each(attacks)('$attack', async ({ run, finds, severity }) => {
    const copy = new StoredCopy(place);
    const flags = (await run(copy)) ?? [];
    const { status, report } = await copy.verify(...flags);
    const problems: Found[] = report.problems;
    const shortly = problems.map(({ code, batch, region }) =>
      [code, batch, region].filter((part) => part !== null).join(' '),
    );
    expect(shortly).toEqual(finds);
    // Problems come gravest first.
    expect(problems[0]?.severity ?? 'refused').toBe(severity);
    expect(status).toBe(severity === 'breach' || severity === 'incident' ? 1 : 0);
  });
});
