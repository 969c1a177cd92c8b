import { BatchBuilder, objectKey, signerFromPem } from '@authseal/ledger';
import { describe, expect, it } from 'vitest';
import {
  DAY,
  keys,
  keysOf,
  MINUTE,
  newPem,
  Producer,
  pem,
  SealedLog,
  START,
} from '../testing/sealed-log.ts';
import { Regions, shortly } from '../testing/verified.ts';

/** A log of some batches with events, archived in both regions. */
async function archived(batches = 6): Promise<{ log: SealedLog; regions: Regions }> {
  const log = new SealedLog();
  const producer = new Producer();
  await log.seal();
  while (log.batches.length < batches) await log.seal(producer.flush(3));
  const regions = new Regions();
  log.archive(...regions.both);
  return { log, regions };
}

describe('a log', () => {
  it('that is whole is reported with its root', async () => {
    const { log, regions } = await archived();
    const report = await regions.verify(log);
    expect(report).toMatchObject({ ok: true, problems: [], accepted: [], regions: ['a', 'b'] });
    expect(report.logs).toEqual([
      {
        origin: log.origin,
        size: log.head.range.end,
        batches: 6,
        root: log.head.range.root().toString('base64'),
        regions: ['a', 'b'],
      },
    ]);
  });

  it('lacks a batch that no region has', async () => {
    const { log, regions } = await archived();
    for (const region of regions.both) region.remove(log.batches[2]?.name ?? '');
    const report = await regions.verify(log);
    expect(shortly(report)).toEqual(['BATCH_MISSING 2']);
    expect(report).toMatchObject({ ok: false, logs: [{ batches: 5, regions: [] }] });
  });

  it('lacks its first batches', async () => {
    const { log, regions } = await archived();
    for (const { name } of log.batches.slice(0, 2))
      regions.both.map((region) => region.remove(name));
    const report = await regions.verify(log);
    expect(report.problems).toMatchObject([{ code: 'BATCH_MISSING', expected: 'batches 0 to 1' }]);
  });

  it('lacks a batch even if the next one is fresh, unless a second look finds it', async () => {
    const { log, regions } = await archived();
    const name = log.batches[4]?.name ?? '';
    const stored = regions.both.map((region) =>
      region.versions.filter(({ key }) => key.endsWith(name)),
    );
    for (const region of regions.both) region.remove(name);
    const grace = 15 * MINUTE;
    expect(shortly(await regions.verify(log, { grace }))).toEqual(['BATCH_MISSING 4']);
    // The objects arrive while the rest is verified.
    const onBatch = async () => {
      regions.a.versions = [...new Set([...regions.a.versions, ...(stored[0] ?? [])])];
    };
    expect(shortly(await regions.verify(log, { grace, onBatch }))).toEqual([]);
  });

  it('may lack batches whose retention has ended, in several holes', async () => {
    const log = new SealedLog();
    const producer = new Producer();
    log.terms = { ...log.terms, retention: DAY };
    for (let i = 0; i < 6; i += 1) await log.seal(producer.flush(2));
    const before = log.batches[4]?.header.previous?.retainUntil ?? 0;
    for (const hole of [3, 1]) log.batches.splice(hole, 1);
    const regions = new Regions();
    log.archive(...regions.both);
    expect(shortly(await regions.verify(log, { now: before - 1, grace: DAY }))).toEqual([
      'BATCH_MISSING 3',
    ]);
    const report = await regions.verify(log, { now: before, grace: DAY });
    expect(shortly(report)).toEqual([]);
    expect(report.logs[0]?.size).toBe(log.head.range.end);
  });

  it('may not lack batches that the one before them promised to keep, whatever the next one says', async () => {
    const log = new SealedLog();
    for (let i = 0; i < 3; i += 1) await log.seal();
    // By whoever has the key: two batches are said to have been there, and to have expired.
    log.head = { ...log.head, batch: log.head.batch + 2, retainUntil: START };
    await log.seal();
    const regions = new Regions();
    log.archive(...regions.both);
    expect(shortly(await regions.verify(log))).toEqual(['BATCH_MISSING 3']);
  });

  it('is asked nothing of a batch whose retention has ended', async () => {
    const log = new SealedLog();
    log.terms = { ...log.terms, retention: MINUTE };
    const first = await log.seal();
    await log.seal();
    const regions = new Regions();
    log.archive(regions.b);
    regions.a.put(first.name, Buffer.from('no batch'), null);
    regions.a.hide(first.name);
    regions.a.put(log.batches[1]?.name ?? '', log.batches[1]?.object ?? Buffer.of(), START + DAY);
    const early = await regions.verify(log, { now: first.header.retainUntil - 1 });
    expect(shortly(early)).toContain('CONTAINER_MALFORMED 0 a');
    expect(shortly(await regions.verify(log, { now: first.header.retainUntil }))).toEqual([]);
  });

  it('is stale when it is silent for longer than heartbeat and grace', async () => {
    const { log, regions } = await archived();
    const grace = MINUTE;
    const latest = log.lastSealedAt + 300_000 + grace;
    expect(shortly(await regions.verify(log, { now: latest, grace }))).toEqual([]);
    expect(shortly(await regions.verify(log, { now: latest + 1, grace }))).toEqual(['STALE 5']);
    expect(shortly(await regions.verify(log, { now: latest + DAY, at: latest, grace }))).toEqual(
      [],
    );
  });

  it('that is closed is never stale, and nothing may follow', async () => {
    const { log, regions } = await archived();
    const closed = await log.seal([], { heartbeat: null });
    for (const region of regions.both)
      region.put(closed.name, closed.object, closed.header.retainUntil);
    expect(shortly(await regions.verify(log, { now: START + 30 * DAY }))).toEqual([]);
    log.head = { ...log.head, closed: false };
    const after = await log.seal();
    for (const region of regions.both)
      region.put(after.name, after.object, after.header.retainUntil);
    expect(shortly(await regions.verify(log))).toEqual(['CHAIN_BROKEN 7']);
  });

  it('says so when Kafka dropped records before sealing', async () => {
    const { log, regions } = await archived();
    const lossy = await log.seal([], { lose: 10 });
    for (const region of regions.both)
      region.put(lossy.name, lossy.object, lossy.header.retainUntil);
    const report = await regions.verify(log);
    expect(report.problems).toMatchObject([
      {
        code: 'LOST_RANGE',
        severity: 'incident',
        batch: 6,
        found: expect.stringContaining('15 to 24'),
      },
    ]);
  });

  it('is judged as of a moment: later batches are not looked at', async () => {
    const { log, regions } = await archived();
    const at = log.batches[3]?.header.sealedAt ?? 0;
    const { logs } = await regions.verify(log, { at });
    expect(logs[0]?.batches).toBe(4);
  });

  it('has a wrong clock when a batch was sealed in the future', async () => {
    const { log, regions } = await archived();
    const now = log.lastSealedAt;
    const ahead = await log.seal([], { now: now + DAY });
    for (const region of regions.both)
      region.put(ahead.name, ahead.object, ahead.header.retainUntil);
    expect(shortly(await regions.verify(log, { now, grace: MINUTE }))).toEqual(['CLOCK 6']);
  });
});

describe('a range of time', () => {
  it('is verified by itself, joined to the batch before it', async () => {
    const { log, regions } = await archived(8);
    const [from, to] = [log.batches[2]?.header.sealedAt ?? 0, log.batches[6]?.header.sealedAt ?? 0];
    const { logs, problems } = await regions.verify(log, { from, to });
    expect(problems).toEqual([]);
    expect(logs[0]?.batches).toBe(4);
  });

  it('lacks batches at its beginning and at its end when they are missing', async () => {
    const { log, regions } = await archived(8);
    const [from, to] = [log.batches[2]?.header.sealedAt ?? 0, log.batches[6]?.header.sealedAt ?? 0];
    for (const i of [2, 5]) regions.both.map((region) => region.remove(log.batches[i]?.name ?? ''));
    expect(shortly(await regions.verify(log, { from, to }))).toEqual([
      'BATCH_MISSING 2',
      'BATCH_MISSING 5',
    ]);
  });

  it('of whole days does not read the days around it', async () => {
    const log = new SealedLog();
    for (let i = 0; i < 6; i += 1) await log.seal([], { now: START + i * DAY });
    const regions = new Regions();
    log.archive(...regions.both);
    const read: string[] = [];
    const get = regions.a.getVersion.bind(regions.a);
    regions.a.getVersion = (key, version) => {
      read.push(key);
      return get(key, version);
    };
    const range = { from: Date.UTC(2026, 0, 12), to: Date.UTC(2026, 0, 14) };
    expect(shortly(await regions.verify(log, range))).toEqual([]);
    // The first one after the range shows that none is missing at its end.
    expect(read).toHaveLength(3);
    regions.both.map((region) => region.remove(log.batches[2]?.name ?? ''));
    expect(shortly(await regions.verify(log, range))).toEqual(['BATCH_MISSING 2']);
  });
});

describe('the chain', () => {
  /** Another batch for the place of batch 3, signed by the same key. */
  async function forkOf(log: SealedLog) {
    const other = new SealedLog();
    for (const { header } of log.batches.slice(0, 3))
      await other.seal([], { now: header.sealedAt });
    return other.seal([], { now: log.batches[3]?.header.sealedAt ?? 0 });
  }

  it('is broken by a signed batch that does not continue it', async () => {
    const { log, regions } = await archived();
    const forged = await forkOf(log);
    for (const region of regions.both) {
      region.remove(forged.name);
      region.put(forged.name, forged.object, forged.header.retainUntil);
    }
    expect(shortly(await regions.verify(log))).toEqual(['CHAIN_BROKEN 3']);
  });

  it('is forked by a second signed batch, however the regions share them', async () => {
    const { log, regions } = await archived();
    const forged = await forkOf(log);
    regions.b.put(forged.name, forged.object, forged.header.retainUntil);
    expect(shortly(await regions.verify(log))).toEqual(['FORK 3 b']);
    regions.b.remove(forged.name);
    regions.b.put(forged.name, forged.object, forged.header.retainUntil);
    expect(shortly(await regions.verify(log))).toEqual(['FORK 3 b']);
  });

  it('is forked by a signed batch of a number that was there on another day', async () => {
    const { log, regions } = await archived();
    const builder = new BatchBuilder(log.batches[2]?.head as SealedLog['head']);
    const forged = await builder.seal({ ...log.terms, now: START + DAY }, log.signing);
    const name = objectKey('', forged.header);
    regions.b.put(name, forged.object, forged.header.retainUntil);
    expect(shortly(await regions.verify(log, { now: START + DAY, grace: DAY }))).toEqual([
      'FORK 3 b',
    ]);
  });
});

describe('a key', () => {
  it('is in force until a rotation signed by it and by the next', async () => {
    const next = newPem();
    const log = new SealedLog();
    await log.seal();
    log.signing = { signer: signerFromPem(pem), next: signerFromPem(next) };
    await log.seal();
    log.signing = { signer: signerFromPem(next) };
    await log.seal();
    const regions = new Regions();
    log.archive(...regions.both);
    expect(shortly(await regions.verify(log, { keys: keysOf(pem, next) }))).toEqual([]);
    log.signing = { signer: signerFromPem(pem) };
    const late = await log.seal();
    for (const region of regions.both) region.put(late.name, late.object, late.header.retainUntil);
    expect(shortly(await regions.verify(log, { keys: keysOf(pem, next) }))).toEqual([
      'WRONG_KEY 3',
    ]);
  });

  it('that was replaced without its own signature is an incident', async () => {
    const next = newPem();
    const log = new SealedLog();
    await log.seal();
    const both = { signer: signerFromPem(newPem()), next: signerFromPem(next) };
    log.signing = both;
    await log.seal();
    const regions = new Regions();
    log.archive(...regions.both);
    const { problems } = await regions.verify(log, { keys: keysOf(pem, next) });
    expect(problems).toMatchObject([{ code: 'KEY_REPLACED', severity: 'incident', batch: 1 }]);
  });

  it('never goes back, not even behind a hole', async () => {
    const next = newPem();
    const log = new SealedLog();
    log.terms = { ...log.terms, retention: MINUTE };
    log.signing = { signer: signerFromPem(next) };
    await log.seal();
    await log.seal();
    log.signing = { signer: signerFromPem(pem) };
    const late = await log.seal([], { retention: DAY });
    log.batches.splice(1, 1);
    const regions = new Regions();
    log.archive(...regions.both);
    const now = (late.header.previous?.retainUntil ?? 0) + 1;
    expect(shortly(await regions.verify(log, { keys: keysOf(pem, next), now }))).toEqual([
      'WRONG_KEY 2',
    ]);
  });

  it('of somebody else signs nothing', async () => {
    const { log, regions } = await archived(2);
    const report = await regions.verify(log, { keys: keysOf(newPem()) });
    expect(shortly(report)).toEqual(
      expect.arrayContaining(['ARCHIVE_EMPTY', 'SIGNATURE_MISSING 0 a', 'SIGNATURE_MISSING 0 b']),
    );
    // Batch 1 has the same fault as batch 0, and is told with it.
    expect(report.problems).toHaveLength(3);
  });
});

describe('objects without an authentic one beside them', () => {
  it('are judged as what they claim to be where the log is due to go on', async () => {
    const { log, regions } = await archived();
    const next = await log.seal();
    for (const region of regions.both) region.put(next.name, Buffer.from('no batch'), null);
    log.batches.pop();
    expect(shortly(await regions.verify(log))).toEqual([
      'CONTAINER_MALFORMED 6 a',
      'CONTAINER_MALFORMED 6 b',
    ]);
  });

  it('are unknown where nothing leads to them', async () => {
    const { log, regions } = await archived();
    const far = log.batches[5]?.name.replace('000000000005', '000000000900') ?? '';
    regions.a.put(far, Buffer.from('no batch'), null);
    regions.a.hide(far);
    regions.b.put(
      'topic=auth-events/partition=00000/date=2020-01-01/000000000001.avro',
      Buffer.of(1),
      null,
    );
    regions.b.put('topic=other/partition=00007/x', Buffer.of(1), null);
    const { problems } = await regions.verify(log);
    expect(problems.map(({ code, region, found }) => [code, region, found])).toEqual(
      expect.arrayContaining([
        ['UNKNOWN_OBJECT', 'a', expect.stringContaining('no Authseal batch')],
        ['UNKNOWN_OBJECT', 'a', 'a delete marker'],
        ['UNKNOWN_OBJECT', 'b', '1 bytes'],
      ]),
    );
    expect(problems.every(({ severity }) => severity === 'incident')).toBe(true);
  });

  it('do not hide that the batch between them and the next is gone', async () => {
    const { log, regions } = await archived();
    for (const region of regions.both) {
      region.remove(log.batches[2]?.name ?? '');
      region.remove(log.batches[3]?.name ?? '');
    }
    regions.a.put(log.batches[2]?.name ?? '', Buffer.from('no batch'), START + DAY);
    expect(shortly(await regions.verify(log))).toEqual([
      'CONTAINER_MALFORMED 2 a',
      'BATCH_MISSING 2 b',
      'BATCH_MISSING 3',
    ]);
  });

  it('under another batch of the log are misplaced', async () => {
    const { log, regions } = await archived();
    regions.b.remove(log.batches[3]?.name ?? '');
    regions.b.put(
      log.batches[3]?.name ?? '',
      log.batches[4]?.object ?? Buffer.of(),
      START + 900 * DAY,
    );
    expect(shortly(await regions.verify(log))).toEqual(['OBJECT_MISPLACED 3 b']);
  });
});

describe('an archive', () => {
  it('has a log for each partition that its batches name', async () => {
    const { log, regions } = await archived();
    const wider = await log.seal([], { partitions: 3 });
    for (const region of regions.both)
      region.put(wider.name, wider.object, wider.header.retainUntil);
    const third = new SealedLog(2);
    await third.seal([], { partitions: 3, now: log.lastSealedAt });
    third.archive(...regions.both);
    const report = await regions.verify([log, third]);
    expect(report.problems).toMatchObject([
      { code: 'LOG_MISSING', origin: 'test/auth-events/1', region: null },
    ]);
    expect(shortly(await regions.verify([log, third], { grace: MINUTE }))).toEqual([]);
  });

  it('that is empty is not intact', async () => {
    const { log } = await archived();
    const report = await new Regions().verify(log, { keys });
    expect(report).toMatchObject({ ok: false, logs: [], problems: [{ code: 'ARCHIVE_EMPTY' }] });
  });
});
