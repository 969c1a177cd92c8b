/** Attacks on the locks, with the permissions of an administrator of the store. */
import { rejects } from 'node:assert/strict';
import { Bucket } from '@authseal/runtime';
import { type CopiedObject, HOUR, sealCopy } from '../sealed-copy.ts';
import type { StoredCopy } from '../stored-copy.ts';
import { type Attack, B, isVictim } from './attack.ts';

/** Stores all, but leaves the victim's key in the second region to `act`. */
const withVictim =
  (act: (copy: StoredCopy, victim: CopiedObject) => Promise<unknown>) =>
  async (copy: StoredCopy) => {
    const objects = await sealCopy();
    await copy.store(objects, 0);
    await copy.store(
      objects.filter((object) => !isVictim(object)),
      1,
    );
    await act(copy, objects.find(isVictim) as CopiedObject);
    return undefined;
  };

const short = (victim: CopiedObject): CopiedObject => ({
  ...victim,
  lockUntil: victim.header.retainUntil - HOUR,
});

/** Stores all, and tries on the victim what the store must refuse. */
const refused =
  (attempt: (bucket: Bucket, key: string, versionId: string, until: Date) => Promise<unknown>) =>
  async (copy: StoredCopy) => {
    const objects = await sealCopy();
    await copy.store(objects);
    const victim = objects.find(isVictim) as CopiedObject;
    for (const region of copy.regions) {
      const bucket = new Bucket(region);
      const key = region.prefix + victim.name;
      for await (const { versionId } of bucket.listVersions(key)) {
        const until = new Date(victim.header.retainUntil);
        await rejects(attempt(bucket, key, versionId, until), { code: 'S3_ACCESS_DENIED' });
      }
      bucket.close();
    }
    return undefined;
  };

const STORE = 'the store refuses it under COMPLIANCE, which `doctor` proves on a canary';

export const ON_LOCKS: readonly Attack[] = [
  {
    attack: 'deletes a version',
    shownBy: STORE,
    severity: 'refused',
    finds: [],
    run: refused((bucket, key, versionId) => bucket.deleteVersion(key, versionId)),
  },
  {
    attack: 'shortens a lock',
    shownBy: STORE,
    severity: 'refused',
    finds: [],
    run: refused((bucket, key, versionId, until) =>
      bucket.putRetention(key, versionId, 'COMPLIANCE', new Date(until.getTime() - HOUR)),
    ),
  },
  {
    attack: 'turns a lock into GOVERNANCE',
    shownBy: STORE,
    severity: 'refused',
    finds: [],
    run: refused((bucket, key, versionId, until) =>
      bucket.putRetention(key, versionId, 'GOVERNANCE', until),
    ),
  },
  {
    attack: 'stores a batch without a lock',
    shownBy: 'the lock of the version',
    severity: 'breach',
    finds: [`LOCK_MISSING 2 ${B}`],
    run: withVictim((copy, victim) => copy.write(1, victim)),
  },
  {
    attack: 'stores a batch under GOVERNANCE, which an administrator can lift',
    shownBy: 'the mode of the lock',
    severity: 'breach',
    finds: [`LOCK_MISSING 2 ${B}`],
    run: withVictim((copy, victim) => copy.govern(1, victim)),
  },
  {
    attack: 'stores a batch under a lock that ends too soon',
    shownBy: 'the date of the lock',
    severity: 'breach',
    finds: [`LOCK_SHORT 2 ${B}`],
    run: withVictim((copy, victim) => copy.store([short(victim)], 1)),
  },
  {
    attack: 'puts the same bytes at the key before the archiver, without a lock',
    shownBy: 'the list of versions: the archiver wrote its own above it',
    severity: 'incident',
    finds: [`PRE_CREATED 2 ${B}`],
    run: withVictim(async (copy, victim) => {
      await copy.write(1, victim);
      await copy.store([victim], 1);
    }),
  },
  {
    attack: 'puts the same bytes at the key before the archiver, under a short lock',
    shownBy: 'the list of versions: the archiver wrote its own above it',
    severity: 'incident',
    finds: [`PRE_CREATED 2 ${B}`],
    run: withVictim(async (copy, victim) => {
      await copy.store([short(victim)], 1);
      await copy.store([victim], 1);
    }),
  },
  {
    attack: 'puts other bytes at the key before the archiver',
    shownBy: 'the list of versions: the archiver wrote its own above it',
    severity: 'incident',
    finds: [`PRE_CREATED 2 ${B}`],
    run: withVictim(async (copy, victim) => {
      await copy.write(1, { name: victim.name, bytes: Buffer.from('mine') });
      await copy.store([victim], 1);
    }),
  },
];
