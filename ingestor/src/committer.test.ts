import { BatchBuilder, type LogHead, newLog } from '@authseal/ledger';
import { beforeEach, describe, expect, it } from 'vitest';
import { Committer, type Waiting } from './committer.ts';
import { MAX_UNCOMMITTED_BYTES } from './limits.ts';
import { settle } from './testing/by-hand.ts';
import { MemoryJournal } from './testing/memory-journal.ts';
import { signer } from './testing/sealer-by-hand.ts';

let journal: MemoryJournal;
let committer: Committer;
let committed: number[];
let head: LogHead;
let steps: string[];
/** The steps of a transaction wait for this. */
let held: Promise<void>;

beforeEach(async () => {
  [journal, committed, head, steps, held] = [
    new MemoryJournal(),
    [],
    newLog('acme/auth-events/0'),
    [],
    Promise.resolve(),
  ];
  const writer = await journal.open();
  const begin = async () => {
    steps.push('begin');
    await held;
    await writer.begin();
  };
  committer = new Committer(
    { terms: { signer }, batchesTopic: journal.topic, partition: 0 },
    { ...writer, begin },
    -1,
    {
      committed: ({ sealed }) => committed.push(sealed.header.batch),
      changed: () => steps.push('changed'),
    },
  );
});

/** The next batch of the log, its one record of so many bytes. */
async function sealed(size: number): Promise<Waiting> {
  const batch = new BatchBuilder(head);
  const value = Buffer.alloc(size);
  batch.append({ offset: head.offset, timestamp: 1, key: null, headers: [], value });
  const made = await batch.seal(
    { now: Date.now(), retention: 1000, heartbeat: 60, partitions: 1, codec: 'null' },
    { signer },
  );
  head = made.head;
  return { sealed: made, last: batch.last, due: 'full' };
}

describe('sealed batches', () => {
  it('that wait while a transaction is under way go into the next one together, in order', async () => {
    const batches = [await sealed(10), await sealed(10), await sealed(10), await sealed(10)];
    const { promise, resolve: letGo } = Promise.withResolvers<void>();
    held = promise;
    for (const batch of batches) committer.add(batch);
    letGo();
    await committer.done();
    expect(steps).toEqual(['begin', 'changed', 'begin', 'changed']);
    expect(committed).toEqual([0, 1, 2, 3]);
    expect(journal.committed.map(({ value }) => value)).toEqual(
      batches.map((batch) => batch.sealed.object),
    );
  });

  it('leave the state after the last of them, with its offset and its last record', async () => {
    committer.add(await sealed(10));
    await committer.done();
    committer.add(await sealed(10));
    committer.add(await sealed(10));
    await committer.done();
    expect(journal.state?.offset).toBe(3);
    const state = JSON.parse(journal.state?.metadata ?? '');
    expect(state).toMatchObject({ batch: 3, last: { offset: 2 } });
    expect(state.batchOffset).toBe(journal.committed.at(-1)?.offset);
  });

  it('are none to be added while too many bytes of them are not committed', async () => {
    const { promise, resolve: letGo } = Promise.withResolvers<void>();
    held = promise;
    committer.add(await sealed(MAX_UNCOMMITTED_BYTES / 2));
    expect(committer.full).toBe(false);
    committer.add(await sealed(MAX_UNCOMMITTED_BYTES / 2));
    expect(committer.full).toBe(true);
    letGo();
    await committer.done();
    expect(committer.full).toBe(false);
  });

  it('are committed no more once a transaction has failed, and it is told', async () => {
    journal.failAt('send');
    committer.add(await sealed(10));
    committer.add(await sealed(10));
    await committer.done();
    committer.add(await sealed(10));
    await committer.done();
    await settle();
    expect(committer.failure?.error).toEqual(new Error('send failed'));
    expect(steps).toEqual(['begin', 'changed']);
    expect([committed, journal.committed, journal.state]).toEqual([[], [], null]);
  });
});
