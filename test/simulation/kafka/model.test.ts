/** What the model says of Kafka, asked of a real broker in the same words. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { modelSide, realSide, type Side } from './sides.ts';

type Owner = { transactionalId: string; producerId: string; producerEpoch: number };

const TIMEOUT = 60_000;
const NONE = { transactionalId: undefined, producerEpoch: 0 };

describe.each([
  ['the model', modelSide],
  ['Kafka', realSide],
])('%s', (_, open) => {
  let side: Side;
  let topic: string;
  beforeAll(async () => {
    side = await open();
    topic = await side.newTopic();
  }, 300_000);
  afterAll(() => side?.close());

  const init = (transactionalId: string | undefined, transactionTimeout = TIMEOUT) =>
    side.broker.initProducerId?.({ transactionalId, transactionTimeout }) as Promise<Owner>;

  /** Becomes the owner, however long the transaction before takes to end. */
  async function own(transactionalId: string, timeout?: number): Promise<Owner> {
    const { producerId, producerEpoch } = await patiently(() => init(transactionalId, timeout));
    return { transactionalId, producerId, producerEpoch };
  }
  const newOwner = async (timeout?: number) => own(await side.newName('transaction'), timeout);

  async function patiently<T>(ask: () => Promise<T>): Promise<T> {
    let answer: { value: T } | undefined;
    await side.until(async () => {
      try {
        answer = { value: await ask() };
      } catch (error) {
        if ((error as { type?: string }).type !== 'CONCURRENT_TRANSACTIONS') throw error;
      }
      return answer !== undefined;
    });
    return (answer as { value: T }).value;
  }

  const add = (owner: Owner) => {
    const topics = [{ topic, partitions: [0] }];
    return patiently(
      () => side.broker.addPartitionsToTxn?.({ ...owner, topics }) as Promise<unknown>,
    );
  };
  async function produce(owner: object, firstSequence: number, ...values: string[]) {
    const messages = values.map((value) => ({ key: null, value: Buffer.from(value), headers: {} }));
    const partitions = [{ partition: 0, firstSequence, messages }];
    const answer = await side.broker.produce?.({ ...owner, topicData: [{ topic, partitions }] });
    return Number(answer.topics[0].partitions[0].baseOffset);
  }
  const end = (owner: Owner, transactionResult: boolean) =>
    side.broker.endTxn?.({ ...owner, transactionResult }) as Promise<unknown>;
  const offset = async (timestamp: number, isolationLevel: number): Promise<number> => {
    const topics = [{ topic, partitions: [{ partition: 0, timestamp }] }];
    const answer = await side.broker.listOffsets?.({ isolationLevel, topics });
    return Number(answer.responses[0].partitions[0].offset);
  };
  const stable = () => offset(-1, 1);
  const written = () => offset(-1, 0);
  const start = () => offset(-2, 1);

  async function sendState(owner: Owner, groupId: string, at: number): Promise<void> {
    await patiently(() => side.broker.addOffsetsToTxn?.({ ...owner, groupId }) as Promise<unknown>);
    const partitions = [{ partition: 0, offset: String(at), metadata: 'state' }];
    await side.broker.txnOffsetCommit?.({ ...owner, groupId, topics: [{ topic, partitions }] });
  }
  async function stateOf(groupId: string): Promise<number> {
    const topics = [{ topic, partitions: [{ partition: 0 }] }];
    const answer = await side.broker.offsetFetch?.({ groupId, topics });
    return Number(answer.responses[0].partitions[0].offset);
  }
  const refusal = (asked: Promise<unknown>): Promise<string> =>
    asked.then(
      () => 'none',
      (error: { type?: string }) => error.type ?? String(error),
    );

  describe('fencing', () => {
    it('gives each owner of a transactional id the same producer id and a newer epoch', async () => {
      const one = await newOwner();
      const two = await own(one.transactionalId);
      expect(two.producerId).toBe(one.producerId);
      expect(two.producerEpoch).toBeGreaterThan(one.producerEpoch);
    });

    it('refuses whatever an older owner sends, in every step', async () => {
      const one = await newOwner();
      await add(one);
      const at = await produce(one, 0, 'zombie');
      const groupId = await side.newName('group');
      await own(one.transactionalId);
      const partitions = [{ partition: 0, offset: '1', metadata: '' }];
      const topics = [{ topic, partitions }];
      const refused = [
        await refusal(add(one)),
        await refusal(produce(one, 1, 'late')),
        await refusal(side.broker.addOffsetsToTxn?.({ ...one, groupId }) as Promise<unknown>),
        await refusal(end(one, true)),
      ];
      expect(refused).toEqual(refused.map(() => 'INVALID_PRODUCER_EPOCH'));
      const late = side.broker.txnOffsetCommit?.({ ...one, groupId, topics });
      expect(await refusal(late as Promise<unknown>)).not.toBe('none');
      await side.until(async () => (await stable()) === (await written()));
      expect(await written()).toBe(at + 2);
    });

    it('is answered CONCURRENT_TRANSACTIONS while it ends what was open', async () => {
      const one = await newOwner();
      await add(one);
      await produce(one, 0, 'open');
      expect(await refusal(init(one.transactionalId))).toBe('CONCURRENT_TRANSACTIONS');
      await own(one.transactionalId);
    });

    it('aborts a transaction that runs into its timeout, and refuses its owner from then on', async () => {
      const one = await newOwner(1000);
      await add(one);
      const at = await produce(one, 0, 'slow');
      await side.until(async () => (await stable()) > at);
      expect(await refusal(end(one, true))).toBe('INVALID_PRODUCER_EPOCH');
    });
  });

  describe('sequence numbers', () => {
    it('answer a batch that came before with its offset, and write nothing', async () => {
      const { producerId } = await init(undefined);
      const producer = { ...NONE, producerId };
      const at = await produce(producer, 0, 'a', 'b');
      const end = await written();
      expect(await produce(producer, 0, 'a', 'b')).toBe(at);
      expect(await written()).toBe(end);
    });

    it('answer another batch under the same numbers in the same way: it is lost', async () => {
      const { producerId } = await init(undefined);
      const producer = { ...NONE, producerId };
      const at = await produce(producer, 0, 'a');
      expect(await produce(producer, 0, 'other')).toBe(at);
      expect(await written()).toBe(at + 1);
    });

    it('are remembered for the last five batches', async () => {
      const { producerId } = await init(undefined);
      const producer = { ...NONE, producerId };
      const at = await produce(producer, 0, 'a');
      for (let i = 1; i <= 4; i += 1) await produce(producer, i, 'more');
      expect(await produce(producer, 0, 'a')).toBe(at);
      await produce(producer, 5, 'more');
      expect(await refusal(produce(producer, 0, 'a'))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
    });

    it('may not leave a gap, and begin at 0 with each epoch', async () => {
      const { producerId } = await init(undefined);
      await produce({ ...NONE, producerId }, 0, 'a');
      expect(await refusal(produce({ ...NONE, producerId }, 2, 'c'))).toBe(
        'OUT_OF_ORDER_SEQUENCE_NUMBER',
      );
      const one = await newOwner();
      await add(one);
      await produce(one, 0, 'a');
      await end(one, true);
      const two = await own(one.transactionalId);
      await add(two);
      expect(await refusal(produce(two, 1, 'b'))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER');
      await produce(two, 0, 'b');
      await end(two, true);
    });
  });

  describe('a transaction', () => {
    it('shows batch and state together when it is committed, with a marker after the batch', async () => {
      const one = await newOwner();
      const groupId = await side.newName('group');
      await add(one);
      const at = await produce(one, 0, 'batch');
      await sendState(one, groupId, 7);
      expect([await stable(), await written(), await stateOf(groupId)]).toEqual([at, at + 1, -1]);
      await end(one, true);
      await side.until(async () => (await stable()) === at + 2 && (await stateOf(groupId)) === 7);
      expect(await written()).toBe(at + 2);
    });

    it('shows neither when the next owner ends it', async () => {
      const one = await newOwner();
      const groupId = await side.newName('group');
      await add(one);
      const at = await produce(one, 0, 'batch');
      await sendState(one, groupId, 7);
      await own(one.transactionalId);
      expect([await stable(), await stateOf(groupId)]).toEqual([at + 2, -1]);
      const reader = await side.reader(topic, false);
      await reader.from(at);
      await side.until(() => reader.fetched.some(({ end }) => end >= at + 2));
      expect(reader.fetched.flatMap(({ records }) => records)).toEqual([]);
    });

    it('is ended once: the same end again is no error, another one is', async () => {
      const one = await newOwner();
      expect(await refusal(end(one, true))).toBe('INVALID_TXN_STATE');
      await add(one);
      await produce(one, 0, 'batch');
      await end(one, true);
      await patiently(() => end(one, true));
      expect(await refusal(end(one, false))).toBe('INVALID_TXN_STATE');
    });

    it('does not begin while the one before is still being ended', async () => {
      const one = await newOwner();
      const groupId = await side.newName('group');
      let sequence = 0;
      // Where the next request comes first, or after all was ended: once more.
      await side.until(async () => {
        await add(one);
        await produce(one, sequence, 'batch');
        sequence += 1;
        const next = side.broker.addOffsetsToTxn;
        const [, answer] = await Promise.all([
          end(one, true),
          refusal(next?.({ ...one, groupId }) as Promise<unknown>),
        ]);
        if (answer === 'none') await refusal(end(one, false));
        return answer === 'CONCURRENT_TRANSACTIONS';
      });
    });

    it('takes no record for a partition that was not added to it', async () => {
      const one = await newOwner();
      expect(await refusal(produce(one, 0, 'stray'))).toBe('INVALID_TXN_STATE');
    });
  });

  describe('an answer that is lost', () => {
    // An ended transaction's marker may still be on its way, and would be counted.
    beforeEach(() => side.until(async () => (await stable()) === (await written())));

    it('was of a batch that is written, and not again when it is sent again', async () => {
      const one = await newOwner();
      await add(one);
      const before = await written();
      side.loseAnswer();
      expect(await refusal(produce(one, 0, 'batch'))).not.toBe('none');
      await side.until(async () => (await written()) === before + 1);
      expect(await produce(one, 0, 'batch')).toBe(before);
      expect(await written()).toBe(before + 1);
      await end(one, false);
    });

    it('was of a transaction that is committed', async () => {
      const one = await newOwner();
      const groupId = await side.newName('group');
      await add(one);
      const at = await produce(one, 0, 'batch');
      await sendState(one, groupId, 7);
      side.loseAnswer();
      expect(await refusal(end(one, true))).not.toBe('none');
      await side.until(async () => (await stable()) === at + 2 && (await stateOf(groupId)) === 7);
    });
  });

  describe('a reader', () => {
    it('of all records sees open and aborted ones up to the high watermark', async () => {
      const one = await newOwner();
      await add(one);
      const at = await produce(one, 0, 'open');
      const reader = await side.reader(topic, true);
      await reader.from(at);
      await side.until(() => reader.fetched.length > 0);
      const [{ fetchedOffset, highWatermark, records }] = reader.fetched as [
        (typeof reader.fetched)[number],
      ];
      expect([fetchedOffset, highWatermark, records[0]?.offset]).toEqual([at, at + 1, at]);
      await end(one, false);
      await side.until(() => reader.fetched.some(({ end }) => end === at + 2));
      const offsets = reader.fetched.flatMap((fetch) => fetch.records.map((r) => r.offset));
      expect(offsets).toEqual([at]);
    });

    it('is paused when it has joined, until it is told where to read', async () => {
      const reader = await side.reader(topic, true);
      const other = await side.reader(topic, true);
      await other.from(0);
      await side.until(() => other.fetched.length > 0);
      expect(reader.fetched).toEqual([]);
    });

    it('is moved to where the log begins when what it asks for was dropped', async () => {
      const { producerId } = await init(undefined);
      const at = await produce({ ...NONE, producerId }, 0, 'kept');
      await side.deleteRecords(topic, at);
      expect(await start()).toBe(at);
      const reader = await side.reader(topic, true);
      await reader.from(0);
      await side.until(() => reader.fetched.length > 0);
      expect(reader.fetched[0]?.fetchedOffset).toBe(at);
    });
  });
});
