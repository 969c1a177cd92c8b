/** Attacks on keys and by stolen keys. */
import { writeFileSync } from 'node:fs';
import type { SealKeys } from '@authseal/ledger';
import { addSignature } from '../forge.ts';
import {
  type CopiedObject,
  DEPLOYMENT,
  first,
  HOUR,
  producerRecords,
  sealCopy,
  sealLog,
  sealNext,
  second,
  stranger,
  strangersKeyFile,
} from '../sealed-copy.ts';
import type { StoredCopy } from '../stored-copy.ts';
import { A, type Attack, B } from './attack.ts';

type Log = Awaited<ReturnType<typeof sealLog>>;

/** Stores an archive whose log 0 is signed by these keys. */
const signedBy = (keysOf: (batch: number) => SealKeys) => async (copy: StoredCopy) => {
  await copy.store(await sealCopy({ keysOf }));
  return undefined;
};

/** A log, and another history of it from batch 2 on, by whoever has the key. */
async function rewritten(log: Log): Promise<CopiedObject[]> {
  let head = log.heads[1] as Log['heads'][number];
  const others: CopiedObject[] = [];
  for (const batch of [2, 3]) {
    const now = log.objects[batch]?.header.sealedAt ?? 0;
    const records = producerRecords(DEPLOYMENT, 'shop', 2);
    const { object, next } = await sealNext(head, records, { now, keys: { signer: first } });
    others.push(object);
    head = next;
  }
  return others;
}

const withLog0 =
  (act: (copy: StoredCopy, log: Log) => Promise<unknown>) => async (copy: StoredCopy) => {
    await copy.store((await sealLog(1)).objects);
    await act(copy, await sealLog(0));
    return undefined;
  };

/** Of two logs of four batches in two regions, as verify names them. */
const EVERY_OBJECT = [0, 1].flatMap(() =>
  [0, 1, 2, 3].flatMap((batch) => [`${batch} ${A}`, `${batch} ${B}`]),
);

export const ON_KEYS: readonly Attack[] = [
  {
    attack: 'signs a batch anew with a key of his own, in every region',
    shownBy: 'the key file',
    severity: 'breach',
    finds: [`SIGNATURE_MISSING 2 ${A}`, `SIGNATURE_MISSING 2 ${B}`],
    run: signedBy((batch) => ({ signer: batch === 2 ? stranger : first })),
  },
  {
    attack: 'signs the archive of one region anew with a key of his own',
    shownBy: 'the key file, and the other region',
    severity: 'breach',
    finds: [`SIGNATURE_MISSING 0 ${B}`],
    run: withLog0(async (copy, log) => {
      await copy.store(log.objects, 0);
      await copy.store((await sealLog(0, { keysOf: () => ({ signer: stranger }) })).objects, 1);
    }),
  },
  {
    attack: 'substitutes the key file',
    shownBy: 'that nothing is signed by it; its hash is in every report',
    severity: 'breach',
    finds: ['ARCHIVE_EMPTY', ...EVERY_OBJECT.map((object) => `UNKNOWN_OBJECT ${object}`)],
    run: async (copy) => {
      await copy.store(await sealCopy());
      const file = `${copy.directory}/strangers-keys`;
      writeFileSync(file, strangersKeyFile);
      return ['--keys', file];
    },
  },
  {
    attack: 'has the signing key, and rewrites the newest batches of one region',
    shownBy: 'the other region: two signed batches for one place',
    severity: 'breach',
    finds: [`FORK 2 ${B}`],
    run: withLog0(async (copy, log) => {
      await copy.store(log.objects, 0);
      await copy.store([...log.objects.slice(0, 2), ...(await rewritten(log))], 1);
    }),
  },
  {
    attack: 'has the signing key, and rewrites a batch in every region',
    shownBy: 'the hash of the header before, in the next batch',
    severity: 'breach',
    finds: ['CHAIN_BROKEN 3'],
    run: withLog0(async (copy, log) => {
      const [other] = await rewritten(log);
      await copy.store(
        log.objects.map((object, i) => (i === 2 ? (other as CopiedObject) : object)),
      );
    }),
  },
  {
    attack: 'has the signing key, and writes another history over the archived one',
    shownBy: 'the list of versions: two signed batches for one place',
    severity: 'breach',
    finds: [`FORK 2 ${B}`],
    run: withLog0(async (copy, log) => {
      await copy.store(log.objects);
      await copy.store(await rewritten(log), 1);
    }),
  },
  {
    attack:
      'has the signing key, and begins a log again from an earlier state, as if the rest had expired',
    shownBy: 'the promise of the batch before, which never runs back',
    severity: 'breach',
    finds: ['BATCH_MISSING 2', 'CHAIN_BROKEN 3'],
    run: withLog0(async (copy, log) => {
      const head = { ...(log.heads[0] as Log['heads'][number]), batch: 3, retainUntil: 1000 };
      const now = log.objects[3]?.header.sealedAt ?? 0;
      const { object } = await sealNext(head, [], { now, keys: { signer: first } });
      await copy.store([...log.objects.slice(0, 2), object]);
    }),
  },
  {
    attack: 'has a retired signing key',
    shownBy: 'the rotation: a key never comes back',
    severity: 'breach',
    finds: ['WRONG_KEY 3'],
    run: signedBy(
      (batch) =>
        [{ signer: first }, { signer: first, next: second }, { signer: second }, { signer: first }][
          batch
        ] as SealKeys,
    ),
  },
  {
    attack: 'has the next signing key, and uses it before its time',
    shownBy: 'the rotation that is not there',
    severity: 'breach',
    finds: ['WRONG_KEY 2'],
    run: signedBy((batch) => ({ signer: batch === 2 ? second : first })),
  },
  {
    attack: 'replaces the signing key without the old one (as when it was lost)',
    shownBy: 'the signature of the old key that is not there',
    severity: 'incident',
    finds: ['KEY_REPLACED 2'],
    run: signedBy((batch) =>
      batch < 2
        ? { signer: first }
        : batch === 2
          ? { signer: second, next: second }
          : { signer: second },
    ),
  },
  {
    attack: 'adds a signature of his own to the checkpoint of a copy',
    shownBy: 'the other copies',
    severity: 'incident',
    finds: [`COPY_DIFFERS 2 ${B}`],
    run: withLog0(async (copy, log) => {
      await copy.store(log.objects, 0);
      const [, , victim] = log.objects as [unknown, unknown, CopiedObject];
      const bytes = await addSignature(victim.bytes, stranger);
      await copy.store(log.objects.with(2, { ...victim, bytes }), 1);
    }),
  },
  {
    attack: 'seals with a clock that is ahead, to keep batches from being looked at',
    shownBy: 'the time in the header',
    severity: 'incident',
    finds: ['CLOCK 4'],
    run: withLog0(async (copy, log) => {
      const head = log.heads[3] as Log['heads'][number];
      const { object } = await sealNext(head, [], {
        now: Date.now() + 24 * HOUR,
        keys: { signer: first },
      });
      await copy.store([...log.objects, object]);
    }),
  },
];
