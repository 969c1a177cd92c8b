/** What happens to an honest archive, and must stay quiet. The second half of docs/threats.md. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SealKeys } from '@authseal/ledger';
import { isVictim } from './attacks/attack.ts';
import {
  type CopiedObject,
  type CopyOptions,
  first,
  HOUR,
  sealCopy,
  second,
} from './sealed-copy.ts';
import type { StoredCopy } from './stored-copy.ts';

export type HonestCase = {
  readonly happens: string;
  /** By what it is told from an attack. */
  readonly shownBy: string;
  /** Returns flags for `authseal verify`, if it needs some. */
  readonly run: (copy: StoredCopy) => Promise<readonly string[] | undefined>;
};

const stored = (options: CopyOptions, flags?: readonly string[]) => async (copy: StoredCopy) => {
  await copy.store(await sealCopy(options));
  return flags;
};

/** Some hours from now. */
const inHours = (hours: number) => ['--at', new Date(Date.now() + hours * HOUR).toISOString()];

/** The last batch closes the log and is retained for longer than those before it. */
const closed: CopyOptions = {
  heartbeatOf: (batch) => (batch === 3 ? null : 3600),
  retentionOf: (batch) => (batch === 3 ? 48 : 24) * HOUR,
};

/** What S3's lifecycle does when the lock has ended: here the files go from under the gateway. */
const expired = (isGone: (object: CopiedObject) => boolean) => async (copy: StoredCopy) => {
  const objects = await sealCopy(closed);
  await copy.store(objects);
  for (const { name } of objects.filter(isGone)) removeFiles(copy, name);
  return inHours(25);
};

function removeFiles(copy: StoredCopy, name: string): void {
  const files = readdirSync(copy.dataDirectory, { recursive: true, encoding: 'utf8' });
  const ours = files.filter((file) =>
    copy.regions.some(({ prefix }) => file.endsWith(prefix + name)),
  );
  if (ours.length !== copy.regions.length)
    throw new Error(`${name}: found ${ours.join() || 'no file'}`);
  for (const file of ours) rmSync(join(copy.dataDirectory, file));
}

export const HONEST: readonly HonestCase[] = [
  { happens: 'nothing', shownBy: 'all that is checked', run: stored({}) },
  {
    happens: 'nobody does anything for a day: a log of heartbeats alone',
    shownBy: 'batches without entries, in time',
    run: stored({ alter: () => [], step: HOUR, age: 4 * HOUR }),
  },
  {
    happens: 'the deployment was closed, and is silent ever after',
    shownBy: 'the last header, whose heartbeat is null',
    run: stored(closed, inHours(20)),
  },
  {
    happens: 'the first batches have expired and are gone',
    shownBy: 'the retention of the batch before, in the next header',
    run: expired(({ header }) => header.batch < 3),
  },
  {
    happens: 'expired batches in the middle of a log are gone',
    shownBy: 'the retention of the batch before, in the next header',
    run: expired(isVictim),
  },
  {
    happens: 'an expired batch bears a delete marker, as a lifecycle rule sets it',
    shownBy: 'its retention: nothing is asked of it any more',
    run: async (copy) => {
      const objects = await sealCopy(closed);
      await copy.store(objects);
      await copy.remove(1, objects.find(isVictim) as CopiedObject);
      return inHours(25);
    },
  },
  {
    happens: 'a partition was added, and its log has not reached the archive',
    shownBy: 'the grace since the first header that names it',
    run: async (copy) => {
      const objects = await sealCopy({ age: 60_000, partitions: 3 });
      await copy.store(objects.filter(({ header }) => !header.origin.endsWith('/2')));
      return undefined;
    },
  },
  {
    happens: 'the signing key was changed',
    shownBy: 'the rotation, signed by both keys',
    run: stored({
      keysOf: (batch): SealKeys =>
        batch < 2
          ? { signer: first }
          : batch === 2
            ? { signer: first, next: second }
            : { signer: second },
    }),
  },
  {
    happens: 'a region lags within its grace',
    shownBy: 'the grace since the batch was sealed',
    run: async (copy) => {
      const objects = await sealCopy({ age: 10 * 60_000 });
      await copy.store(objects, 0);
      await copy.store(
        objects.filter(({ header }) => header.batch < 2),
        1,
      );
      return undefined;
    },
  },
  {
    happens: 'a region lags more than that, and the grace given is longer',
    shownBy: '`--grace`',
    run: async (copy) => {
      const objects = await sealCopy();
      await copy.store(objects, 0);
      await copy.store(
        objects.filter(({ header }) => header.batch < 2),
        1,
      );
      return ['--grace', '2h'];
    },
  },
];
