/** Attacks on which batches there are, and where. */
import { objectKey } from '@authseal/ledger';
import { type CopiedObject, HOUR, sealCopy, sealLog, sealNext, stranger } from '../sealed-copy.ts';
import type { StoredCopy } from '../stored-copy.ts';
import { A, type Attack, B, isVictim } from './attack.ts';

const of = (partition: number, object: CopiedObject) =>
  object.header.origin.endsWith(`/${partition}`);
const isOld = (object: CopiedObject) => of(1, object) || object.header.batch < 2;
const victimOf = (objects: CopiedObject[]) => objects.find(isVictim) as CopiedObject;

/** Stores what `keep` leaves, in the second region or in both. */
const without =
  (where: 'one' | 'all', keep: (object: CopiedObject) => boolean) => async (copy: StoredCopy) => {
    const objects = await sealCopy();
    await copy.store(where === 'one' ? objects : objects.filter(keep), 0);
    await copy.store(objects.filter(keep), 1);
    return undefined;
  };

/** Stores another object's bytes at the victim's key in the second region. */
const replaced =
  (other: (objects: CopiedObject[]) => Promise<Buffer> | Buffer) => async (copy: StoredCopy) => {
    const objects = await sealCopy();
    const bytes = await other(objects);
    await copy.store(objects, 0);
    await copy.store(
      objects.map((object) => (isVictim(object) ? { ...object, bytes } : object)),
      1,
    );
    return undefined;
  };

/** Stores the archive, and then something beside it. */
const beside =
  (act: (copy: StoredCopy, objects: CopiedObject[]) => Promise<unknown>) =>
  async (copy: StoredCopy) => {
    const objects = await sealCopy();
    await copy.store(objects);
    await act(copy, objects);
    return undefined;
  };

export const ON_BATCHES: readonly Attack[] = [
  {
    attack: 'removes a batch from one region',
    shownBy: 'the batches after it, and the other region',
    severity: 'breach',
    finds: [`BATCH_MISSING 2 ${B}`],
    run: without('one', (object) => !isVictim(object)),
  },
  {
    attack: 'removes a batch from every region',
    shownBy: 'the hash of the header before, in the next batch',
    severity: 'breach',
    finds: ['BATCH_MISSING 2'],
    run: without('all', (object) => !isVictim(object)),
  },
  {
    attack: 'removes another batch from each region',
    shownBy: 'the batches after them',
    severity: 'breach',
    finds: [`BATCH_MISSING 1 ${A}`, `BATCH_MISSING 2 ${B}`],
    run: async (copy) => {
      const objects = await sealCopy();
      await copy.store(
        objects.filter((o) => !(of(0, o) && o.header.batch === 1)),
        0,
      );
      await copy.store(
        objects.filter((o) => !isVictim(o)),
        1,
      );
      return undefined;
    },
  },
  {
    attack: 'removes the log of a partition from one region',
    shownBy: 'the other region',
    severity: 'breach',
    finds: [`LOG_MISSING ${B}`],
    run: without('one', (object) => of(0, object)),
  },
  {
    attack: 'removes the log of a partition from every region',
    shownBy: 'the number of partitions in every header of the other logs',
    severity: 'breach',
    finds: ['LOG_MISSING'],
    run: without('all', (object) => of(0, object)),
  },
  {
    attack: 'removes the newest batches from one region',
    shownBy: 'the other region',
    severity: 'breach',
    finds: [`REGION_BEHIND 2 ${B}`],
    run: without('one', isOld),
  },
  {
    attack: 'removes the newest batches from every region: shows an old state',
    shownBy: 'the heartbeat that is overdue',
    severity: 'breach',
    finds: ['STALE 1', 'STALE 3'],
    run: async (copy) => {
      await copy.store((await sealCopy()).filter(isOld));
      return ['--at', new Date(Date.now() + HOUR).toISOString()];
    },
  },
  {
    attack: 'removes everything',
    shownBy: 'that there is no batch at all',
    severity: 'breach',
    finds: ['ARCHIVE_EMPTY'],
    run: async () => undefined,
  },
  {
    attack: 'moves a batch to the number of another',
    shownBy: 'the number in the header',
    severity: 'breach',
    finds: [`OBJECT_MISPLACED 2 ${B}`],
    run: replaced(
      (objects) => (objects.find((o) => of(0, o) && o.header.batch === 3) as CopiedObject).bytes,
    ),
  },
  {
    attack: 'replays a batch of another partition',
    shownBy: 'the origin in the header',
    severity: 'breach',
    finds: [`OBJECT_MISPLACED 2 ${B}`],
    run: replaced(
      (objects) => (objects.find((o) => of(1, o) && o.header.batch === 2) as CopiedObject).bytes,
    ),
  },
  {
    attack: 'replays a batch of another deployment that is signed by the same key',
    shownBy: 'the name under which the checkpoint is signed: its origin',
    severity: 'breach',
    finds: [`SIGNATURE_MISSING 2 ${B}`],
    run: replaced(async () => victimOf(await sealCopy({ deployment: 'staging' })).bytes),
  },
  {
    attack: 'copies a batch under another date',
    shownBy: 'the time in the header; the log leads elsewhere',
    severity: 'incident',
    finds: [`UNKNOWN_OBJECT 2 ${B}`],
    run: beside((copy, objects) => {
      const { header, bytes } = victimOf(objects);
      const name = objectKey('', { ...header, sealedAt: header.sealedAt - 48 * HOUR });
      return copy.write(1, { name, bytes });
    }),
  },
  {
    attack: 'makes up a batch after the last one, under a key of his own',
    shownBy: 'the signature; nothing leads to it',
    severity: 'incident',
    finds: [`UNKNOWN_OBJECT 4 ${B}`],
    run: beside(async (copy) => {
      const { heads } = await sealLog(0);
      const keys = { signer: stranger };
      const { object } = await sealNext(heads[3] as (typeof heads)[number], [], {
        now: Date.now(),
        keys,
      });
      await copy.write(1, object);
    }),
  },
  {
    attack: 'puts something among the batches that is none',
    shownBy: 'its key',
    severity: 'incident',
    finds: [`UNKNOWN_OBJECT ${B}`],
    run: beside((copy) =>
      copy.write(1, {
        name: 'topic=auth-events/partition=00000/note.txt',
        bytes: Buffer.from('hi'),
      }),
    ),
  },
  {
    attack: 'puts something where a log of another topic would be',
    shownBy: 'that nothing is signed there',
    severity: 'incident',
    finds: [`UNKNOWN_OBJECT 0 ${B}`],
    run: beside((copy) =>
      copy.write(1, {
        name: 'topic=other/partition=00000/date=2026-01-01/000000000000.avro',
        bytes: Buffer.from('hi'),
      }),
    ),
  },
  {
    attack: 'hides a batch behind a delete marker',
    shownBy: 'the list of versions',
    severity: 'incident',
    finds: [`DELETE_MARKER 2 ${B}`],
    run: beside((copy, objects) => copy.remove(1, victimOf(objects))),
  },
  {
    attack: 'writes a newer version over a batch',
    shownBy: 'the list of versions: the locked one is beneath',
    severity: 'incident',
    finds: [`OVERWRITTEN 2 ${B}`],
    run: beside((copy, objects) =>
      copy.write(1, { name: victimOf(objects).name, bytes: Buffer.from('mine') }),
    ),
  },
  {
    attack: 'stores a batch a second time',
    shownBy: 'the list of versions',
    severity: 'incident',
    finds: [`EXTRA_VERSION 2 ${B}`],
    run: beside((copy, objects) => copy.store([victimOf(objects)], 1)),
  },
];
