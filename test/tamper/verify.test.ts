/** What `authseal verify` does besides finding: taking what was accepted, and giving up. */
import { writeFileSync } from 'node:fs';
import type { Region } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isVictim } from './attacks/attack.ts';
import { type CopiedObject, DEPLOYMENT, sealCopy } from './sealed-copy.ts';
import { Place, StoredCopy } from './stored-copy.ts';

let place: Place;
beforeAll(async () => {
  place = await Place.begin();
});
afterAll(() => place?.end());

describe('verify', () => {
  it('takes an incident that was accepted for no reason to fail', async () => {
    const copy = new StoredCopy(place);
    const objects = await sealCopy();
    await copy.store(objects);
    await copy.remove(1, objects.find(isVictim) as CopiedObject);
    const accept = `${place.directory}/accept`;
    writeFileSync(accept, `DELETE_MARKER ${DEPLOYMENT}/auth-events/0 2 drill of 24 November\n`);
    const { status, report } = await copy.verify('--accept', accept);
    expect(status).toBe(0);
    expect(report).toMatchObject({
      ok: true,
      problems: [],
      accepted: [{ code: 'DELETE_MARKER', batch: 2, reason: 'drill of 24 November' }],
      files: { accept: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  it('cannot finish, and says which region failed, when one does not answer', async () => {
    const copy = new StoredCopy(place);
    (copy.regions[1] as Region).endpoint = 'http://127.0.0.1:1';
    const { status, out, err } = await copy.authseal('verify');
    expect({ status, out }).toEqual({ status: 3, out: '' });
    expect(err).toContain('region eu-west-1');
  });
});
