import { describe, expect, it } from 'vitest';
import { DAY, MINUTE, SealedLog } from '../testing/sealed-log.ts';
import { Regions, shortly } from '../testing/verified.ts';

async function archived() {
  const log = new SealedLog();
  for (let i = 0; i < 6; i += 1) await log.seal();
  const regions = new Regions();
  log.archive(...regions.both);
  const batch = log.batches[3] as (typeof log.batches)[number];
  return { log, regions, batch, until: batch.header.retainUntil };
}

describe('a region', () => {
  it('lacks a batch that another region has', async () => {
    const { log, regions, batch } = await archived();
    regions.b.remove(batch.name);
    const report = await regions.verify(log);
    expect(shortly(report)).toEqual(['BATCH_MISSING 3 b']);
    expect(report.logs[0]).toMatchObject({ batches: 6, regions: ['a'] });
  });

  it('may lack the newest batches for as long as the grace period', async () => {
    const { log, regions } = await archived();
    for (const { name } of log.batches.slice(3)) regions.b.remove(name);
    const [third, fourth] = log.batches.slice(3).map(({ header }) => header.sealedAt) as [
      number,
      number,
    ];
    const verify = (now: number) =>
      regions.verify(log, { now, at: log.lastSealedAt, grace: log.lastSealedAt - now });
    expect(shortly(await verify(third - 1))).toEqual([]);
    const report = await verify(fourth);
    expect(report.problems).toMatchObject([
      {
        code: 'REGION_BEHIND',
        region: 'b',
        batch: 3,
        expected: expect.stringContaining('batches 3 to 4'),
      },
    ]);
  });

  it('may have a newer batch before an older one, if the older arrives meanwhile', async () => {
    const { log, regions, batch } = await archived();
    const kept = regions.b.versions.filter(({ key }) => key.endsWith(batch.name));
    regions.b.remove(batch.name);
    const onBatch = async () => {
      regions.b.versions = [...new Set([...regions.b.versions, ...kept])];
    };
    expect(shortly(await regions.verify(log, { grace: 15 * MINUTE, onBatch }))).toEqual([]);
    regions.b.remove(batch.name);
    expect(shortly(await regions.verify(log, { grace: 15 * MINUTE }))).toEqual([
      'BATCH_MISSING 3 b',
    ]);
  });

  it('lacks a log of which it has nothing', async () => {
    const { log, regions } = await archived();
    regions.b.versions = [];
    expect(shortly(await regions.verify(log))).toEqual(['LOG_MISSING b']);
  });
});

describe('a lock', () => {
  it('is COMPLIANCE until the date of the header, to the second', async () => {
    const { log, regions, batch, until } = await archived();
    regions.b.remove(batch.name);
    regions.b.put(batch.name, batch.object, until + DAY);
    expect(shortly(await regions.verify(log))).toEqual([]);
    regions.b.remove(batch.name);
    regions.b.put(batch.name, batch.object, until - 1000);
    expect(shortly(await regions.verify(log))).toEqual(['LOCK_SHORT 3 b']);
  });

  it.each([['GOVERNANCE' as const], [null]])('of mode %s is none', async (mode) => {
    const { log, regions, batch, until } = await archived();
    regions.b.remove(batch.name);
    regions.b.put(batch.name, batch.object, mode && until, mode);
    expect(shortly(await regions.verify(log))).toEqual(['LOCK_MISSING 3 b']);
  });

  it('that is missing from every batch is one problem', async () => {
    const { log, regions } = await archived();
    for (const version of regions.b.versions) version.mode = null;
    const { problems } = await regions.verify(log);
    expect(problems).toMatchObject([
      { code: 'LOCK_MISSING', batch: 0, found: 'no lock (and the same of the batches up to 5)' },
    ]);
  });
});

describe('beside the authentic version', () => {
  it('a delete marker hides nothing from us', async () => {
    const { log, regions, batch } = await archived();
    regions.b.hide(batch.name);
    expect(shortly(await regions.verify(log))).toEqual(['DELETE_MARKER 3 b']);
  });

  it('a newer version was written over it', async () => {
    const { log, regions, batch } = await archived();
    const version = regions.b.put(batch.name, Buffer.from('mine'), null);
    const { problems } = await regions.verify(log);
    expect(problems).toMatchObject([
      {
        code: 'OVERWRITTEN',
        severity: 'incident',
        object: `some/prefix/${batch.name}?versionId=${version}`,
        found: expect.stringContaining('no Authseal batch'),
      },
    ]);
  });

  it('a newer version with the same bytes and no lock was written over it', async () => {
    const { log, regions, batch } = await archived();
    regions.b.put(batch.name, batch.object, null);
    const { problems } = await regions.verify(log);
    expect(problems).toMatchObject([{ code: 'OVERWRITTEN', found: 'the same bytes, no lock' }]);
  });

  it('an older version had been put there without a lock', async () => {
    const { log, regions, batch, until } = await archived();
    regions.b.remove(batch.name);
    regions.b.put(batch.name, batch.object, null);
    regions.b.put(batch.name, batch.object, until);
    expect(shortly(await regions.verify(log))).toEqual(['PRE_CREATED 3 b']);
  });

  it('the same batch was stored again', async () => {
    const { log, regions, batch, until } = await archived();
    regions.b.put(batch.name, batch.object, until);
    expect(shortly(await regions.verify(log))).toEqual(['EXTRA_VERSION 3 b']);
  });

  it('a copy bears further signature lines', async () => {
    const { log, regions, batch, until } = await archived();
    const at = batch.object.indexOf('\n\n— ') + 2;
    const name = Buffer.from('— somebody AAAAAAAA\n');
    // One byte of length becomes another for the longer note.
    const note = batch.object.indexOf('authseal.checkpoint') + 'authseal.checkpoint'.length;
    const longer = Buffer.concat([batch.object.subarray(0, at), name, batch.object.subarray(at)]);
    longer.writeUInt16LE(withLength(longer.readUInt16LE(note), name.length), note);
    regions.b.remove(batch.name);
    regions.b.put(batch.name, longer, until);
    expect(shortly(await regions.verify(log))).toEqual(['COPY_DIFFERS 3 b']);
  });
});

/** A zigzag varint of two bytes, read as a little-endian number, of a length that grew. */
function withLength(varint: number, more: number): number {
  const zigzag = ((varint >> 8) << 7) | (varint & 0x7f);
  const grown = zigzag + 2 * more;
  return ((grown >> 7) << 8) | (grown & 0x7f) | 0x80;
}
