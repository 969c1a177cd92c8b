import { BatchBuilder, chainFault, digestEntries, newLog, readBatch } from '@authseal/ledger';
import type { KafkaRecord } from '@authseal/runtime/kafka';
import { beforeEach, describe, expect, it } from 'vitest';
import { commitBatches, type Uncommitted } from './committer.ts';
import { beginLog } from './init.ts';
import type { JournalWriter } from './journal.ts';
import { systemClock } from './kafka-journal.ts';
import { sealBatch } from './seal-batch.ts';
import { encodeState, type Position } from './state.ts';
import { recoverAsOwner, takeOver } from './take-over.ts';
import { type Marked, MemoryJournal } from './testing/memory-journal.ts';
import { keys, ORIGIN, TERMS } from './testing/sealer-by-hand.ts';

type Owner = { writer: JournalWriter; position: Position };

const PLACE = { batchesTopic: 'auth-batches', partition: 0 };
const PARTS = { terms: TERMS, clock: systemClock, digest: digestEntries, ...PLACE };

let journal: MemoryJournal;
const begin = () =>
  beginLog({ ...PARTS, journal }, { deployment: 'acme', eventsTopic: 'auth-events' }, 1);

async function own(): Promise<Owner> {
  const writer = await takeOver(journal, ORIGIN);
  return { writer, position: await recoverAsOwner(journal, writer, ORIGIN, keys, () => true) };
}

/** Seals so many batches, and commits them in one transaction. */
async function seal({ writer, position }: Owner, batches = 1): Promise<Owner> {
  const uncommitted: Uncommitted[] = [];
  let { head } = position;
  for (let i = 0; i < batches; i += 1) {
    const sealed = await sealBatch(PARTS, new BatchBuilder(head), position.key, 1, 'heartbeat');
    uncommitted.push({ sealed, last: null });
    head = sealed.head;
  }
  const batchOffset = await commitBatches(PARTS, writer, uncommitted, position.batchOffset);
  return { writer, position: { ...position, head, batchOffset } };
}

/** What readers of committed records see is one log, the state that after its last batch. */
function expectOneLog(batches: number): void {
  let head = newLog(ORIGIN);
  for (const { value } of journal.committed) {
    const batch = readBatch(value as Buffer);
    expect(chainFault(head, batch.header)).toBeNull();
    head = batch.head;
  }
  expect(head.batch).toBe(batches);
  expect(JSON.parse(journal.state?.metadata as string)).toMatchObject({
    batch: batches,
    batchOffset: journal.committed.at(-1)?.offset,
  });
}

/** Somebody writes a batch to the topic once more. */
function copy(number: number): void {
  journal.committed.push({ ...(journal.committed[number] as KafkaRecord), offset: journal.end });
  journal.end += 1;
}

beforeEach(async () => {
  journal = new MemoryJournal();
  await begin();
});

describe('where the brokers missed out a marker of the last transaction', () => {
  const places: [string, Marked[], number, RegExp][] = [
    [
      'of the batch and of the state, the batch is sealed anew',
      ['batches', 'state'],
      1,
      /from offset 2 on \(of 3\): left so by the brokers/,
    ],
    [
      'of the batch, it is written again',
      ['batches'],
      2,
      /batch 1 at offset 2, where it is not committed; it is written again, with 0 before it/,
    ],
    [
      'of the state, the topic is believed',
      ['state'],
      2,
      /up to batch 1 at offset 2; it goes on from there/,
    ],
  ];
  it.each(places)('%s', async (_, where, known, warning) => {
    const before = await own();
    journal.missMarkers(...where);
    await seal(before);
    const after = await own();
    expect(after.position.head.batch).toBe(known);
    expect(journal.warnings.at(-1)).toMatch(warning);
    await seal(after);
    expectOneLog(known + 1);
  });

  it.each(places)('and the transaction held several: %s', async (_, where, known) => {
    const before = await own();
    journal.missMarkers(...where);
    await seal(before, 3);
    const after = await own();
    expect(after.position.head.batch).toBe(known === 1 ? 1 : 4);
    await seal(after);
    expectOneLog(known === 1 ? 2 : 5);
  });

  it('and the next one aborted its batch, that is written again', async () => {
    const before = await own();
    journal.missMarkers('batches');
    const { writer } = await seal(before);
    await writer.begin();
    await writer.abort();
    // The partition ends as after a commit: with the batch of the state and a marker.
    expect(journal.end).toBe(JSON.parse(journal.state?.metadata as string).batchOffset + 2);
    await seal(await own());
    expectOneLog(3);
  });

  it('each time of the state, it is never more than one that it misses', async () => {
    for (let batches = 2; batches <= 4; batches += 1) {
      const owner = await own();
      expectOneLog(batches - 1);
      journal.missMarkers('state');
      await seal(owner);
    }
    await own();
    expectOneLog(4);
  });

  it('and the owner goes on, its next marker commits both', async () => {
    const before = await own();
    journal.missMarkers('batches');
    await seal(await seal(before));
    expectOneLog(3);
  });

  it.each(places)(
    'of the first batch: %s, before `init` says that the log is begun',
    async (_, where) => {
      journal = new MemoryJournal();
      journal.missMarkers(...where);
      expect(await begin()).toBe('begun');
      expectOneLog(1);
      expect(await begin()).toBe('running');
    },
  );

  it('of the first batch, and `init` ended before it could look, the next one does', async () => {
    journal = new MemoryJournal();
    journal.missMarkers('batches');
    const open = journal.open.bind(journal);
    journal.open = async () => {
      const writer = await open();
      journal.failAt('open');
      return writer;
    };
    await expect(begin()).rejects.toThrow('open failed');
    journal.open = open;
    expect(await begin()).toBe('running');
    expectOneLog(1);
  });
});

describe('a new owner', () => {
  it('writes nothing again when retention has dropped the batch that its state speaks of', async () => {
    journal.missMarkers('batches');
    await seal(await own());
    journal.aborted.push(...journal.leftOpen.splice(0));
    journal.empty();
    await expect(own()).rejects.toMatchObject({ code: 'BATCHES_GONE' });
  });

  it('writes nothing again when a batch before that of its state is missing', async () => {
    journal.missMarkers('batches');
    await seal(await own(), 3);
    journal.leftOpen.splice(1, 1);
    await expect(own()).rejects.toMatchObject({ code: 'STATE_CONTRADICTED' });
    expect(journal.committed.length).toBe(1);
  });

  it('refuses while a transaction is open that it cannot end', async () => {
    journal.foreignFrom = journal.end;
    journal.end += 1;
    await expect(own()).rejects.toMatchObject({ code: 'TRANSACTION_LEFT_OPEN' });
    journal.foreignFrom = null;
    await seal(await own());
    expectOneLog(2);
  });

  it('refuses a state that misses a transaction when it may not believe the topic again', async () => {
    const owner = await own();
    journal.missMarkers('state');
    await seal(owner);
    const writer = await takeOver(journal, ORIGIN);
    await expect(recoverAsOwner(journal, writer, ORIGIN, keys, () => false)).rejects.toMatchObject({
      code: 'STATE_CONTRADICTED',
    });
  });

  it('believes a topic that shows the batch of its state once more, written again', async () => {
    journal.missMarkers('batches');
    await seal(await own(), 2);
    const { missMarkers } = journal;
    const open = journal.open.bind(journal);
    let opened = 0;
    journal.open = async () => {
      opened += 1;
      // The second one writes again: its state is missed, too.
      if (opened === 2) missMarkers.call(journal, 'state');
      return open();
    };
    await own();
    expect(JSON.parse(journal.state?.metadata as string).batchOffset).toBeLessThan(
      journal.committed.at(-1)?.offset as number,
    );
    await seal(await own());
    expectOneLog(4);
  });

  it.each([
    ['its state', async () => {}],
    [
      'its state, which misses the last transaction',
      async (owner: Owner) => {
        journal.missMarkers('state');
        await seal(owner, 2);
      },
    ],
    [
      'no state',
      async () => {
        journal.state = null;
      },
    ],
  ])(
    'with %s goes on from the newest batch, whatever copies stand behind it',
    async (_, befall) => {
      const owner = await seal(await seal(await own()));
      await befall(owner);
      const batches = journal.committed.length;
      copy(1);
      copy(0);
      const { position, writer } = await own();
      expect(position.head.batch).toBe(batches);
      await seal({ position, writer });
      journal.committed.splice(batches, 2);
      expectOneLog(batches + 1);
    },
  );

  it('has its state, whatever batch stands behind its own that does not continue it', async () => {
    const first = await own();
    journal.failAt('commit');
    await expect(seal(first, 3)).rejects.toThrow('commit failed');
    const { position } = await seal(await own());
    const aborted = journal.aborted.at(-1) as KafkaRecord;
    expect(readBatch(aborted.value as Buffer).header.batch).toBe(3);
    journal.committed.push({ ...aborted, offset: journal.end });
    journal.end += 1;
    expect((await own()).position).toEqual(position);
  });

  it('has its state where its batch was written again behind what retention dropped', async () => {
    await seal(await seal(await own()));
    const last = journal.committed.at(-1) as KafkaRecord;
    journal.empty();
    journal.committed.push({ ...last, offset: journal.end });
    journal.end += 2;
    expect((await own()).position).toMatchObject({
      head: { batch: 3 },
      batchOffset: journal.end - 2,
    });
    await seal(await own());
  });

  it('refuses its state where its batch stands in a topic that was created again', async () => {
    await seal(await seal(await own()));
    const last = journal.committed.at(-1) as KafkaRecord;
    journal.committed.splice(0);
    journal.committed.push({ ...last, offset: 0 });
    journal.end = 2;
    await expect(own()).rejects.toMatchObject({ code: 'STATE_CONTRADICTED' });
  });

  it('with its last batch copied has its state as it was', async () => {
    await seal(await own());
    const { state } = journal;
    copy(1);
    await own();
    expect(journal.state).toEqual(state);
  });

  it('refuses a state of another history, and one whose batch lies beyond the topic', async () => {
    const before = await own();
    const other = await sealBatch(
      { ...PARTS, clock: { ...systemClock, now: () => Date.now() + 5000 } },
      new BatchBuilder(before.position.head),
      before.position.key,
      1,
      'heartbeat',
    );
    await seal(await seal(before));
    for (const batchOffset of [0, 2, 5000]) {
      journal.state = encodeState({ ...before.position, head: other.head, batchOffset });
      await expect(own()).rejects.toMatchObject({ code: 'STATE_CONTRADICTED' });
    }
    expect(journal.warnings).toEqual([]);
  });

  it('believes a topic that is one transaction ahead, however much was aborted behind that', async () => {
    const owner = await own();
    journal.missMarkers('state');
    await seal(owner, 2);
    journal.end += 5000;
    expect((await own()).position.head.batch).toBe(3);
  });

  it('refuses a state behind which more stands than memory is kept for', async () => {
    const owner = await own();
    journal.missMarkers('state');
    await seal(owner);
    const readCommitted = journal.readCommitted.bind(journal);
    journal.readCommitted = async (from, to) => (to - from > 1 ? null : readCommitted(from, to));
    await expect(own()).rejects.toMatchObject({ code: 'STATE_CONTRADICTED' });
  });

  it('keeps the last record of its state where the topic holds none any more', async () => {
    const owner = await own();
    const last = { offset: 0, hash: Buffer.alloc(32, 1) };
    const position = { ...owner.position, last };
    journal.state = encodeState(position);
    journal.missMarkers('state');
    await seal({ ...owner, position });
    expect((await own()).position.last).toEqual(last);
  });

  it('refuses an answer to what it writes again that cannot be trusted', async () => {
    journal.missMarkers('batches');
    await seal(await own());
    journal.answer = () => [];
    await expect(own()).rejects.toMatchObject({ code: 'PRODUCE_REFUSED' });
  });

  it('refuses a state that misses more than one transaction', async () => {
    const owner = await own();
    const { state } = journal;
    await seal(await seal(owner));
    journal.state = state;
    await expect(own()).rejects.toMatchObject({ code: 'STATE_CONTRADICTED' });
  });

  it('refuses a state whose batch stands nowhere in the topic', async () => {
    await seal(await own());
    journal.committed.pop();
    await expect(own()).rejects.toMatchObject({ code: 'STATE_CONTRADICTED' });
  });

  it('does not believe an older state of the log because of a batch that was aborted', async () => {
    const first = await own();
    journal.failAt('commit');
    await expect(seal(first)).rejects.toThrow('commit failed');
    await seal(await own());
    expect(journal.aborted.length).toBe(1);
    expectOneLog(2);
  });
});
