import { describe, expect, it } from 'vitest';
import { MemoryArchive } from '../testing/memory-archive.ts';
import { keys, Producer, SealedLog } from '../testing/sealed-log.ts';
import { verifyArchive } from './verify-archive.ts';

async function sample() {
  const archives = [
    new MemoryArchive('eu-central-1'),
    new MemoryArchive('eu-west-1', 'p/'),
  ] as const;
  const log = new SealedLog();
  const producer = new Producer();
  await log.seal();
  for (let i = 0; i < 5; i += 1) await log.seal([...producer.flush(3), ...producer.flush(2)]);
  log.archive(...archives);
  const verify = (change: object = {}) =>
    verifyArchive({ archives, keys, now: log.lastSealedAt + 1000, ...change });
  return { archives, log, verify };
}

describe('an intact archive', () => {
  it('has no problems', async () => {
    const { verify, log } = await sample();
    const report = await verify();
    expect(report).toMatchObject({ ok: true, problems: [], accepted: [] });
    expect(report.logs).toEqual([
      {
        origin: log.origin,
        size: log.head.range.end,
        batches: 6,
        root: log.head.range.root().toString('base64'),
        regions: ['eu-central-1', 'eu-west-1'],
      },
    ]);
    expect(report.producers).toMatchObject([{ events: 25, signed: 0, last: 24 }]);
  });
});
