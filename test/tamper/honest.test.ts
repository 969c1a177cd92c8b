/** Each honest case of docs/threats.md on an archive in real S3 regions, judged by the `authseal` command. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HONEST } from './honest.ts';
import { Place, StoredCopy } from './stored-copy.ts';

let place: Place;
beforeAll(async () => {
  place = await Place.begin();
});
afterAll(() => place?.end());

describe('verify stays quiet when', () => {
  it.each(HONEST)('$happens', async ({ run }) => {
    const copy = new StoredCopy(place);
    const flags = (await run(copy)) ?? [];
    const { status, report } = await copy.verify(...flags);
    expect(report.problems).toEqual([]);
    expect(report.logs.length).toBeGreaterThan(0);
    expect(status).toBe(0);
  });
});
