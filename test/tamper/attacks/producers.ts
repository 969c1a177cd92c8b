/** Attacks between a service and the seal: by whoever may write to the topic of events. */
import { randomUUID } from 'node:crypto';
import {
  entryValue,
  LINK_HEADER,
  readBatch,
  SEQUENCE_HEADER,
  SIGNATURE_HEADER,
} from '@authseal/ledger';
import { encodeEvent } from '@authseal/schemas';
import {
  type CopyOptions,
  DEPLOYMENT,
  eventOf,
  first,
  producerRecords,
  sealCopy,
  sealLog,
  sealNext,
  type Unsealed,
} from '../sealed-copy.ts';
import type { StoredCopy } from '../stored-copy.ts';
import type { Attack } from './attack.ts';

/** Stores an archive whose log 0 sealed the records of one producer, altered. */
const altered =
  (alter: (records: Unsealed[]) => Unsealed[], options: CopyOptions = {}) =>
  async (copy: StoredCopy) => {
    await copy.store(await sealCopy({ alter, ...options }));
    return undefined;
  };

const bank = { service: 'bank' } as const;

/** Record i with its headers, key or value changed. */
const changed = (i: number, change: (record: Unsealed) => Unsealed) => (records: Unsealed[]) =>
  records.map((record, j) => (i === j ? change(record) : record));

const withoutHeader = (name: string) => (record: Unsealed) => ({
  ...record,
  headers: record.headers.filter(([key]) => key !== name),
});

/** An event of somebody else's under the producer's id. */
const numbered = ([first]: Unsealed[], sequence: number): Unsealed => ({
  ...(first as Unsealed),
  headers: [[SEQUENCE_HEADER, Buffer.from(`${sequence}`)]],
});

const CHAIN = 'the producer’s links';
const SEQUENCE = 'the producer’s sequence';
const incident = { severity: 'incident' } as const;

export const ON_PRODUCERS: readonly Attack[] = [
  {
    attack: 'drops an event of a producer',
    shownBy: SEQUENCE,
    finds: ['SEQUENCE_GAP 1'],
    run: altered((records) => records.toSpliced(2, 1)),
  },
  {
    attack: 'drops a whole flush of a producer',
    shownBy: SEQUENCE,
    finds: ['SEQUENCE_GAP 2'],
    run: altered((records) => records.toSpliced(2, 2)),
  },
  {
    attack: 'drops the end of a flush, and all that came after it',
    shownBy: CHAIN,
    finds: ['FLUSH_UNFINISHED 1'],
    run: altered((records) => [...records.slice(0, 3), ...producerRecords(DEPLOYMENT, 'shop', 8)]),
  },
  {
    attack: 'changes an event of a producer',
    shownBy: CHAIN,
    finds: ['LINK_BROKEN 2'],
    run: altered(changed(4, (record) => ({ ...record, value: encodeEvent(eventOf('shop', 99)) }))),
  },
  {
    attack: 'inserts an event under a number that the producer used',
    shownBy: SEQUENCE,
    finds: ['REPLAYED 2'],
    run: altered((records) =>
      records.toSpliced(4, 0, {
        ...(records[2] as Unsealed),
        value: encodeEvent(eventOf('shop', 99)),
      }),
    ),
  },
  {
    attack: 'swaps two events of a producer',
    shownBy: SEQUENCE,
    finds: ['SEQUENCE_GAP 1', 'FLUSH_UNFINISHED 2'],
    run: altered(([a, b, c, d, ...rest]) => [a, b, d, c, ...rest] as Unsealed[]),
  },
  {
    attack: 'replays a chain under another producer’s id',
    shownBy: 'the first link, which is made of the id',
    finds: ['LINK_BROKEN 1'],
    run: altered((records) => {
      const key = Buffer.from(`shop/${randomUUID()}`);
      return records.map((record) => ({ ...record, key }));
    }),
  },
  {
    attack: 'replays a chain of another deployment',
    shownBy: 'the first link, which is made of the deployment',
    finds: ['LINK_BROKEN 1'],
    run: altered(() => producerRecords('staging', 'shop', 8)),
  },
  {
    attack: 'sends under the id of a producer whose events go elsewhere',
    shownBy: 'that a producer keeps to one log',
    finds: ['PRODUCER_MOVED 4', 'SEQUENCE_GAP 4'],
    run: async (copy: StoredCopy) => {
      const [here, there] = await Promise.all([sealLog(0), sealLog(1)]);
      const stolen = readBatch(here.objects[3]?.bytes as Buffer);
      const records = [...stolen.entries()].map((entry) => ({
        ...entry,
        value: entryValue(entry),
      }));
      const head = there.heads[3] as (typeof there.heads)[number];
      const { object } = await sealNext(head, records, {
        now: Date.now() - 1,
        keys: { signer: first },
      });
      await copy.store([...here.objects, ...there.objects, object]);
      return undefined;
    },
  },
  {
    attack:
      'leads the chain of a service that signs away, by a number far ahead under a producer’s id',
    shownBy: 'the links and signatures of the flushes that follow nonetheless',
    finds: ['FLUSH_UNFINISHED 1'],
    run: altered(
      (records) => records.toSpliced(2, 0, numbered(records, 999_999_999_999_999)),
      bank,
    ),
  },
  {
    attack: 'puts an event where the next one of a service that signs is due',
    shownBy: 'the links and signatures of the flush that is the right one',
    finds: ['FLUSH_UNFINISHED 1'],
    run: altered((records) => records.toSpliced(2, 0, numbered(records, 2)), bank),
  },
  {
    attack: 'drops a flush of a service that signs, and fills its place',
    shownBy: 'the signature of the flush behind it',
    finds: ['FLUSH_UNFINISHED 1', 'SEQUENCE_GAP 2'],
    run: altered((records) => records.toSpliced(2, 2, numbered(records, 2)), bank),
  },
  {
    attack: 'takes the link from a flush',
    shownBy: CHAIN,
    finds: ['LINK_BROKEN 2'],
    run: altered(changed(1, withoutHeader(LINK_HEADER))),
  },
  {
    attack: 'takes the signature from a flush',
    shownBy: 'the file of producers’ keys',
    finds: ['FLUSH_UNSIGNED 1'],
    run: altered(changed(1, withoutHeader(SIGNATURE_HEADER)), bank),
  },
  {
    attack: 'signs a flush in the name of a service',
    shownBy: 'the file of producers’ keys',
    finds: ['FLUSH_FORGED 1'],
    run: altered(
      changed(1, (record) => ({
        ...record,
        headers: record.headers.map(([name, value]) =>
          name === SIGNATURE_HEADER ? [name, Buffer.alloc(64, 7)] : [name, value],
        ),
      })),
      bank,
    ),
  },
  {
    attack: 'sends an event in the name of a service that signs, outside any chain',
    shownBy: 'the file of producers’ keys',
    finds: ['UNCHAINED 1'],
    run: altered(
      (records) => [
        { key: null, headers: [], value: encodeEvent(eventOf('bank', 99)) },
        ...records,
      ],
      bank,
    ),
  },
  {
    attack: 'takes the sequence from the events of a service that signs',
    shownBy: 'the file of producers’ keys',
    finds: ['UNCHAINED 1'],
    run: altered((records) => records.map(withoutHeader(SEQUENCE_HEADER)), bank),
  },
  {
    attack: 'lets a service speak for another',
    shownBy: 'the service in the event beside that of the producer',
    finds: ['IMPERSONATED 1'],
    run: altered(() => producerRecords(DEPLOYMENT, 'shop', 8, 'bank')),
  },
  {
    attack: 'sends a flush again, byte for byte',
    shownBy: SEQUENCE,
    severity: 'note' as const,
    finds: ['REPEAT 1'],
    run: altered((records) => [...records.slice(0, 2), ...records]),
  },
  {
    attack: 'truncates the topic before it was sealed',
    shownBy: 'the lost range, which the ingestor signs',
    finds: ['LOST_RANGE 2'],
    run: altered((records) => records, { lose: 5 }),
  },
].map((attack) => ({ ...incident, ...attack }));
