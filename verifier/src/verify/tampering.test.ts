/** Whatever is done to one object of one region, verify says so and stays right about the rest. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Producer, SealedLog } from '../testing/sealed-log.ts';
import { Regions } from '../testing/verified.ts';

const archive = (async () => {
  const log = new SealedLog();
  const producer = new Producer();
  await log.seal();
  for (const codec of ['null', 'zstandard'] as const) {
    for (let i = 0; i < 2; i += 1) await log.seal(producer.flush(3), { codec });
  }
  return log;
})();

describe('an archive', () => {
  it('is not intact when any byte of any object was changed', async () => {
    const log = await archive;
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: log.batches.length - 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (i, at, change) => {
          const regions = new Regions();
          log.archive(...regions.both);
          const victim = regions.b.versions[i] as (typeof regions.b.versions)[number];
          victim.bytes = Buffer.from(victim.bytes);
          const place = at % victim.bytes.length;
          victim.bytes.writeUInt8(victim.bytes.readUInt8(place) ^ change, place);
          const report = await regions.verify(log);
          expect(report.problems).toMatchObject([{ severity: 'breach', batch: i, region: 'b' }]);
          expect(report.logs).toMatchObject([{ batches: log.batches.length, regions: ['a'] }]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is not intact when any set of objects is missing in one region, none in the other', async () => {
    const log = await archive;
    const all = log.batches.map(({ name }) => name);
    await fc.assert(
      fc.asyncProperty(fc.subarray(all, { minLength: 1 }), async (gone) => {
        const regions = new Regions();
        log.archive(...regions.both);
        for (const name of gone) regions.b.remove(name);
        const report = await regions.verify(log);
        expect(report.ok).toBe(false);
        expect(report.problems.every(({ severity }) => severity === 'breach')).toBe(true);
        expect(report.logs).toMatchObject([{ size: log.head.range.end, regions: ['a'] }]);
      }),
      { numRuns: 60 },
    );
  });
});
