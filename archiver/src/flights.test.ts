import { beforeEach, expect, it, vi } from 'vitest';
import { Flights } from './flights.ts';
import type { JournalOwner } from './journal.ts';
import { MAX_PUTS, MAX_UNCOMMITTED } from './limits.ts';
import type { OurBatch } from './our-batch.ts';

let commits: { offset: number; answer: PromiseWithResolvers<void> }[];
let committed: number[][];
let arrivals: PromiseWithResolvers<void>[];
let flights: Flights;

beforeEach(() => {
  commits = [];
  committed = [];
  arrivals = [];
  const owner: JournalOwner = {
    readState: async () => null,
    commit({ offset }) {
      const answer = Promise.withResolvers<void>();
      commits.push({ offset, answer });
      return answer.promise;
    },
    close: async () => {},
  };
  flights = new Flights(owner, {
    committed: (batches) => void committed.push(batches.map(({ header }) => header.batch)),
    changed() {},
  });
});

function send(batches: number): void {
  for (let sent = 0; sent < batches; sent += 1) {
    const batch = arrivals.length;
    const arrival = Promise.withResolvers<void>();
    arrivals.push(arrival);
    flights.add({
      batch: { header: { batch } } as OurBatch,
      offset: 2 * batch,
      place: { batch, header: null, key: null },
      arrival: arrival.promise,
    });
  }
}

async function arrive(...batches: number[]): Promise<void> {
  for (const batch of batches) arrivals[batch]?.resolve();
  await new Promise(setImmediate);
}

async function answer(commit: number): Promise<void> {
  commits[commit]?.answer.resolve();
  await new Promise(setImmediate);
}

it('commits after the last batch that has arrived with none missing before it', async () => {
  send(4);
  await arrive(1, 2);
  flights.commit(1);
  expect(commits).toEqual([]);
  await arrive(0);
  flights.commit(1);
  expect(commits.map(({ offset }) => offset)).toEqual([5]);
  await answer(0);
  expect(committed).toEqual([[0, 1, 2]]);
  expect(flights.first).toBe(6);
});

it('keeps what is added while a commit is under way, and commits it with the next', async () => {
  send(2);
  await arrive(0, 1);
  flights.commit(1);
  send(2);
  await arrive(2, 3);
  flights.commit(1);
  expect(commits).toHaveLength(1);
  await answer(0);
  expect(committed).toEqual([[0, 1]]);
  expect(flights.isEmpty).toBe(false);
  flights.commit(1);
  await answer(1);
  expect(committed).toEqual([
    [0, 1],
    [2, 3],
  ]);
  expect(flights.isEmpty).toBe(true);
});

it('waits for company when it is told to', async () => {
  send(3);
  await arrive(0, 1);
  flights.commit(3);
  expect(commits).toEqual([]);
  await arrive(2);
  flights.commit(3);
  expect(commits).toHaveLength(1);
});

it('is full with so many under way, or so many uncommitted', async () => {
  send(MAX_PUTS);
  expect(flights.isFull).toBe(true);
  await arrive(...Array(MAX_PUTS).keys());
  expect(flights.isFull).toBe(false);
  send(MAX_UNCOMMITTED - MAX_PUTS);
  await arrive(...Array(MAX_UNCOMMITTED).keys());
  expect(flights.isFull).toBe(true);
});

it('tells the failure of a batch once all before it is committed', async () => {
  send(3);
  arrivals[1]?.reject(new Error('not kept'));
  await arrive(0, 2);
  expect(flights.failure).toBeNull();
  flights.commit(1);
  await answer(0);
  expect(committed).toEqual([[0]]);
  expect(flights.failure).toEqual({ error: new Error('not kept') });
});

it('tells the failure of a commit, and commits nothing more', async () => {
  send(2);
  await arrive(0, 1);
  flights.commit(1);
  commits[0]?.answer.reject(new Error('fenced'));
  await vi.waitFor(() => expect(flights.failure).toEqual({ error: new Error('fenced') }));
  flights.commit(1);
  expect(commits).toHaveLength(1);
  expect(committed).toEqual([]);
});

it('has ended when nothing is under way, the commit included', async () => {
  send(2);
  await arrive(0);
  flights.commit(1);
  let hasEnded = false;
  const ended = flights.ended().then(() => {
    hasEnded = true;
  });
  arrivals[1]?.reject(new Error('gone'));
  await arrive();
  expect(hasEnded).toBe(false);
  await answer(0);
  await ended;
  expect(hasEnded).toBe(true);
});
