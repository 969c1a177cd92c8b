import {
  type Batch,
  LedgerError,
  readBatch,
  readBatchWith,
  type SealedBatch,
} from '@authseal/ledger';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Producer, SealedLog } from '../testing/sealed-log.ts';
import { Regions } from '../testing/verified.ts';
import { UnpackThread } from './unpack-thread.ts';

const thread = new UnpackThread();
afterEach(() => thread.stop());

const CODECS = ['null', 'zstandard'] as const;
const EVENTS = 2000;

/** With a block that is worth sending, in either codec. */
async function largeLog() {
  const log = new SealedLog();
  const producer = new Producer();
  for (const codec of CODECS) await log.seal(producer.flush(EVENTS), { codec });
  return log;
}

const largeObject = async () => ((await largeLog()).batches[0] as SealedBatch).object;

/** What reading comes to: all that a batch says, or why it is refused. */
async function outcome(read: () => Batch | Promise<Batch>) {
  try {
    const batch = await read();
    return { header: batch.header, entries: [...batch.entries()] };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { code: error.code, message: error.message };
  }
}

/** Behind the signature, which reading does not check: that is left to those who have the keys. */
const endOfLogHead = (object: Buffer) => object.indexOf('\n', object.indexOf('\n\n— ') + 2) + 1;

describe('a batch unpacked in the thread', () => {
  it('is the same as here', async () => {
    for (const { object } of (await largeLog()).batches) {
      const expected = await outcome(() => readBatch(object));
      expect('entries' in expected && expected.entries).toHaveLength(EVENTS);
      expect(await outcome(() => readBatchWith(object, thread.unpack))).toEqual(expected);
    }
  });

  it('is refused for the same reason as here, whatever byte of its data was changed', async () => {
    const { batches } = await largeLog();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...batches),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async ({ object }, at, change) => {
          const changed = Buffer.from(object);
          const data = endOfLogHead(object);
          const place = data + (at % (changed.length - data));
          changed.writeUInt8(changed.readUInt8(place) ^ change, place);
          const expected = await outcome(() => readBatch(changed));
          expect(expected).toHaveProperty('code');
          expect(await outcome(() => readBatchWith(changed, thread.unpack))).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('leaves the object as it was, and can be released', async () => {
    const object = await largeObject();
    const before = Buffer.from(object);
    const batch = await readBatchWith(object, thread.unpack);
    batch.release();
    expect(() => batch.entryAt(0)).toThrow();
    expect(object.equals(before)).toBe(true);
  });

  it('fails when the thread ends, and the next one is unpacked by another', async () => {
    const object = await largeObject();
    const reading = readBatchWith(object, thread.unpack);
    await thread.stop();
    await expect(reading).rejects.toThrow('the thread was ended');
    expect((await readBatchWith(object, thread.unpack)).header.count).toBe(EVENTS);
  });
});

describe('an archive of large batches', () => {
  it('is intact, and is not when an event was changed', async () => {
    const log = await largeLog();
    const regions = new Regions();
    log.archive(...regions.both);
    expect((await regions.verify(log)).problems).toEqual([]);
    const [victim] = regions.b.versions as [(typeof regions.b.versions)[number]];
    victim.bytes = Buffer.from(victim.bytes);
    victim.bytes.write('X', victim.bytes.length >> 1);
    const { problems } = await regions.verify(log);
    expect(problems).toMatchObject([{ severity: 'breach', batch: 0, region: 'b' }]);
  });
});
