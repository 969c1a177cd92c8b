import { generateKeyPairSync } from 'node:crypto';
import {
  chainFault,
  digestEntries,
  formatVkey,
  newLog,
  noteVerifier,
  parseKeys,
  readBatch,
  signerFromPem,
} from '@authseal/ledger';
import type { Fetched } from '@authseal/runtime/kafka';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IngestorError } from './error.ts';
import { beginLog } from './init.ts';
import type { Source } from './journal.ts';
import { systemClock } from './kafka-journal.ts';
import type { SealTermsOfLog } from './seal-batch.ts';
import { Sealer } from './sealer.ts';
import { MemoryJournal, type Step } from './testing/memory-journal.ts';

const pem = () =>
  generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const signer = signerFromPem(pem());
const terms: SealTermsOfLog = {
  linger: 1,
  heartbeat: 60_000,
  retention: 86_400_000,
  codec: 'null',
  signer,
  previous: null,
  keys: parseKeys(formatVkey(noteVerifier('acme', signer.publicKey))),
  close: false,
};
const ORIGIN = 'acme/auth-events/0';
const RECORDS = 40;

let journal: MemoryJournal;
let sealer: Sealer;
let refusals: IngestorError[];
let failures: unknown[];

const record = (offset: number) => ({
  offset,
  timestamp: 1_790_000_000_000,
  inTransaction: false,
  key: null,
  headers: [],
  value: Buffer.from(`value ${offset}`),
});

/** Gives the log's records from wherever it is asked, a few at a time, as a consumer does. */
class Log implements Source {
  end = RECORDS;
  #flowing = false;
  #next = 0;
  seek(offset: number): void {
    this.#next = offset;
  }
  pause(): void {
    this.#flowing = false;
  }
  resume(): void {
    if (this.#flowing) return;
    this.#flowing = true;
    setImmediate(() => this.#flow());
  }
  offsets = async () => ({ start: 0, end: this.end });
  partitions = async () => 1;

  #flow(): void {
    if (!this.#flowing) return;
    if (this.#next < this.end) {
      const to = Math.min(this.end, this.#next + 7);
      const fetched: Fetched = {
        partition: 0,
        fetchedOffset: this.#next,
        end: to,
        highWatermark: this.end,
        records: Array.from({ length: to - this.#next }, (_, i) => record(this.#next + i)),
      };
      this.#next = to;
      sealer.take(fetched);
    }
    setImmediate(() => this.#flow());
  }
}

function start(log: Log, own: Partial<SealTermsOfLog> = {}): void {
  sealer = new Sealer({
    origin: ORIGIN,
    partition: 0,
    batchesTopic: journal.topic,
    source: log,
    digest: digestEntries,
    journal,
    clock: systemClock,
    terms: { ...terms, ...own },
    observer: {
      opened: () => {},
      sealed: () => {},
      lost: () => {},
      failed: (error) => failures.push(error),
      refused: (error) => refusals.push(error),
      closed: () => {},
    },
  });
}

/** The committed batches make one log, and hold each offset once, in order. */
function expectExactlyOnce(records: number): void {
  let head = newLog(ORIGIN);
  const offsets: number[] = [];
  for (const { value } of journal.committed) {
    const batch = readBatch(value as Buffer);
    expect(chainFault(head, batch.header)).toBeNull();
    head = batch.head;
    for (const entry of batch.entries()) offsets.push(entry.offset);
  }
  expect(offsets).toEqual(Array.from({ length: records }, (_, i) => i));
}

const sealedAll = () => vi.waitFor(() => expect(journal.state?.offset).toBe(RECORDS), 10_000);

beforeEach(async () => {
  journal = new MemoryJournal();
  refusals = [];
  failures = [];
  const parts = { journal, terms, clock: systemClock, batchesTopic: journal.topic, partition: 0 };
  await beginLog(parts, { deployment: 'acme', eventsTopic: 'auth-events' }, 1);
});
afterEach(() => sealer?.stop());

describe('a sealer', () => {
  it('seals every record once, in order', async () => {
    start(new Log());
    await sealedAll();
    expectExactlyOnce(RECORDS);
  });

  const steps: [Step, boolean][] = (['begin', 'send', 'sendState', 'commit'] as const).flatMap(
    (step) => [
      [step, false],
      [step, true],
    ],
  );
  it.each([['open', false] as [Step, boolean], ...steps])(
    'seals every record once when %s fails (done nonetheless: %s), after a sign of life',
    async (step, isDone) => {
      journal.failAt(step, isDone);
      start(new Log());
      await vi.waitFor(() => expect(failures.length).toBe(1), 10_000);
      sealer.heartbeat();
      await sealedAll();
      expectExactlyOnce(RECORDS);
      expect(refusals).toEqual([]);
    },
  );

  it('does not try again before the coordinator has answered', async () => {
    journal.failAt('send');
    start(new Log());
    await vi.waitFor(() => expect(failures.length).toBe(1), 10_000);
    expect(journal.committed.length).toBe(1);
  });

  it('leaves what is open to the next owner when it is stopped', async () => {
    const log = new Log();
    start(log, { linger: 60_000 });
    await sealer.stop();
    expect(journal.committed.length).toBe(1);
    start(log);
    await sealedAll();
    expectExactlyOnce(RECORDS);
  });

  it('is shut out by a later owner, and nothing of it is seen', async () => {
    const log = new Log();
    start(log);
    await sealedAll();
    await journal.open();
    log.end += 10;
    await vi.waitFor(() => expect(failures.length).toBe(1), 10_000);
    expectExactlyOnce(RECORDS);
    sealer.heartbeat();
    await vi.waitFor(() => expect(journal.state?.offset).toBe(RECORDS + 10), 10_000);
    expectExactlyOnce(RECORDS + 10);
  });

  it.each<[string, (truth: { offset: number; logAppendTime: number }) => object[]]>([
    ['nothing', () => []],
    ['two results', (truth) => [truth, truth]],
    ['another partition', (truth) => [{ ...truth, partition: 1 }]],
    ['another topic', (truth) => [{ ...truth, topic: 'auth-events' }]],
    ['an error', (truth) => [{ ...truth, errorCode: 1 }]],
    ['an offset that is not above the last', (truth) => [{ ...truth, offset: 0 }]],
    ['a time three hours off', (truth) => [{ ...truth, logAppendTime: Date.now() - 10_800_000 }]],
    ['no time', (truth) => [{ ...truth, logAppendTime: -1 }]],
  ])('refuses to commit when the broker answers a batch with %s', async (_, answer) => {
    journal.answer = answer as typeof journal.answer;
    start(new Log());
    await vi.waitFor(() => expect(refusals[0]?.code).toBe('PRODUCE_REFUSED'), 10_000);
    expect(journal.committed.length).toBe(1);
  });

  it('goes on from the last batch when the state is gone', async () => {
    const log = new Log();
    start(log);
    await sealedAll();
    await sealer.stop();
    journal.state = null;
    log.end += 5;
    start(log);
    await vi.waitFor(() => expect(journal.state?.offset).toBe(RECORDS + 5), 10_000);
    expectExactlyOnce(RECORDS + 5);
  });

  it('refuses an older state than the batches topic shows', async () => {
    const before = journal.state;
    const log = new Log();
    start(log);
    await sealedAll();
    log.end += 5;
    await vi.waitFor(() => expect(journal.state?.offset).toBe(RECORDS + 5), 10_000);
    await sealer.stop();
    journal.state = before;
    start(log);
    await vi.waitFor(() => expect(refusals[0]?.code).toBe('STATE_CONTRADICTED'), 10_000);
    expectExactlyOnce(RECORDS + 5);
  });

  it('does not call a person when it was replaced while it read', async () => {
    const before = journal.state;
    const log = new Log();
    start(log);
    await sealedAll();
    await sealer.stop();
    const readState = journal.readState.bind(journal);
    journal.readState = async () => {
      journal.readState = readState;
      await journal.open();
      return before;
    };
    log.end += 5;
    start(log);
    await vi.waitFor(() => expect(failures.length).toBe(1), 10_000);
    sealer.heartbeat();
    await vi.waitFor(() => expect(journal.state?.offset).toBe(RECORDS + 5), 10_000);
    expect(refusals).toEqual([]);
  });

  it('believes its state where the topic has dropped all batches with records', async () => {
    const log = new Log();
    start(log, { heartbeat: 50 });
    await sealedAll();
    const newest = () => readBatch(journal.committed.at(-1)?.value as Buffer).header;
    await vi.waitFor(() => expect(newest().count).toBe(0), 10_000);
    await sealer.stop();
    journal.committed.splice(0, journal.committed.length - 1);
    journal.end += 1; // the record of a transaction that was aborted
    log.end += 5;
    start(log);
    await vi.waitFor(() => expect(journal.state?.offset).toBe(RECORDS + 5), 10_000);
    expect(refusals).toEqual([]);
  });

  it.each([
    ['emptied under its state', () => journal.empty()],
    ['created again under its state', () => Object.assign(journal, { committed: [], end: 0 })],
    [
      'emptied, and the state has expired',
      () => {
        journal.empty();
        journal.state = null;
      },
    ],
  ])('refuses when the batches topic was %s', async (_, happens) => {
    happens();
    start(new Log());
    await vi.waitFor(() => expect(refusals[0]?.code).toBe('BATCHES_GONE'), 10_000);
    expect(refusals[0]?.message).toContain('authseal-ingestor recover --from-archive --dry-run');
    expect(journal.committed).toEqual([]);
  });

  it('refuses a log that was never begun', async () => {
    journal = new MemoryJournal();
    start(new Log());
    await vi.waitFor(() => expect(refusals[0]?.code).toBe('LOG_NOT_BEGUN'), 10_000);
  });

  it('refuses a key that did not seal the log so far', async () => {
    start(new Log(), { signer: signerFromPem(pem()) });
    await vi.waitFor(() => expect(refusals[0]?.code).toBe('KEY_UNFIT'), 10_000);
  });

  it('seals all there is and then the last batch when it is to close', async () => {
    start(new Log(), { close: true });
    await vi.waitFor(() => expect(sealer.closed).toBe(true), 10_000);
    expectExactlyOnce(RECORDS);
    const last = readBatch(journal.committed.at(-1)?.value as Buffer);
    expect(last.header.heartbeat).toBeNull();
  });
});

describe('a log', () => {
  const begin = () =>
    beginLog(
      { journal, terms, clock: systemClock, batchesTopic: journal.topic, partition: 0 },
      { deployment: 'acme', eventsTopic: 'auth-events' },
      1,
    );

  it('is begun once', async () => {
    expect(await begin()).toBe('running');
    expect(journal.committed.length).toBe(1);
  });

  it('is not begun a second time where the batches topic was emptied', async () => {
    journal.empty();
    journal.state = null;
    await expect(begin()).rejects.toMatchObject({ code: 'BATCHES_GONE' });
  });

  it('is not begun beside records that no known key has signed', async () => {
    journal.state = null;
    const stranger = signerFromPem(pem());
    const keys = parseKeys(formatVkey(noteVerifier('acme', stranger.publicKey)));
    const other = { ...terms, signer: stranger, keys };
    const parts = { journal, terms: other, clock: systemClock, batchesTopic: journal.topic };
    const names = { deployment: 'acme', eventsTopic: 'auth-events' };
    await expect(beginLog({ ...parts, partition: 0 }, names, 1)).rejects.toMatchObject({
      code: 'STATE_CONTRADICTED',
    });
  });
});
