import { BatchBuilder, type LogHead, objectKey, signerFromPem } from '@authseal/ledger';
import { RuntimeError } from '@authseal/runtime';
import { describe, expect, it } from 'vitest';
import type { MemoryArchive } from '../testing/memory-archive.ts';
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
import type { SignedBatch } from './object.ts';

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
    expect(shortly(await regions.verify(log))).toEqual(['BATCH_MISSING 3', 'CHAIN_BROKEN 5']);
  });

  it('does not run back behind batches that have expired', async () => {
    const log = new SealedLog();
    log.terms = { ...log.terms, retention: MINUTE };
    const producer = new Producer();
    for (let i = 0; i < 3; i += 1) await log.seal(producer.flush(2));
    // By whoever has the key: the log begins again from an earlier state, under a later number.
    const [first, , last] = log.batches;
    log.head = { ...(first?.head as LogHead), batch: 5, retainUntil: log.head.retainUntil };
    log.terms = { ...log.terms, now: log.head.retainUntil + 1 };
    await log.seal(producer.flush(1), { retention: DAY });
    const regions = new Regions();
    log.archive(...regions.both);
    const { problems } = await regions.verify(log);
    expect(problems).toMatchObject([
      {
        code: 'CHAIN_BROKEN',
        batch: 5,
        expected: `first: at least ${(last?.head.range.end ?? 0) + 2}`,
      },
    ]);
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
  /** A log with a batch a day, from START on. */
  async function daily(days = 6, terms = {}): Promise<{ log: SealedLog; regions: Regions }> {
    const log = new SealedLog();
    for (let i = 0; i < days; i += 1) await log.seal([], { now: START + i * DAY, ...terms });
    const regions = new Regions();
    log.archive(...regions.both);
    return { log, regions };
  }

  const dayOf = (i: number) => Date.UTC(2026, 0, 10 + i);
  const junkAt = (number: number, date: string) =>
    `topic=auth-events/partition=00000/date=${date}/${String(number).padStart(12, '0')}.avro`;

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
    const { log, regions } = await daily();
    const read: string[] = [];
    const get = regions.a.getVersion.bind(regions.a);
    regions.a.getVersion = (key, version) => {
      read.push(key);
      return get(key, version);
    };
    const range = { from: dayOf(2), to: dayOf(4) };
    expect(shortly(await regions.verify(log, range))).toEqual([]);
    // The last one before the range and the first one after it show that none is missing at its ends.
    expect(read.sort()).toEqual(log.batches.slice(1, 5).map(({ name }) => name));
    regions.both.map((region) => region.remove(log.batches[2]?.name ?? ''));
    expect(shortly(await regions.verify(log, range))).toEqual(['BATCH_MISSING 2']);
  });

  it('is not shortened by what lies around it', async () => {
    const { log, regions } = await daily();
    const range = { from: dayOf(2), to: dayOf(4) };
    for (const i of [2, 3]) regions.both.map((region) => region.remove(log.batches[i]?.name ?? ''));
    regions.a.put(junkAt(0, '2026-01-11'), Buffer.from('no batch'), null);
    regions.a.put(junkAt(900, '2026-01-11'), Buffer.from('no batch'), null);
    regions.a.hide(junkAt(900, '2026-01-14'));
    regions.b.put(junkAt(901, '2026-01-14'), Buffer.from('no batch'), null);
    const { problems } = await regions.verify(log, range);
    expect(problems).toMatchObject([{ code: 'BATCH_MISSING', expected: 'batches 2 to 3' }]);
  });

  it('is stale when nothing follows its last batch, and nothing says that the log was closed', async () => {
    const { log, regions } = await daily();
    const range = { from: dayOf(2), to: dayOf(4), now: dayOf(6) };
    for (const i of [3, 4, 5])
      regions.both.map((region) => region.remove(log.batches[i]?.name ?? ''));
    expect(shortly(await regions.verify(log, range))).toEqual(['STALE 2']);
    regions.both.map((region) => region.remove(log.batches[2]?.name ?? ''));
    expect(shortly(await regions.verify(log, range))).toEqual(['STALE 1']);
  });

  it('does not take a log for there that has only junk before it', async () => {
    const { log, regions } = await daily(6, { partitions: 2 });
    const junk = junkAt(1, '2026-01-11').replace('partition=00000', 'partition=00001');
    regions.a.put(junk, Buffer.from('no batch'), null);
    const found = shortly(await regions.verify(log, { from: dayOf(2), to: dayOf(4) }));
    expect(found).toContain('LOG_MISSING');
  });

  it('has the key in force that was so before it', async () => {
    const next = newPem();
    const log = new SealedLog();
    await log.seal();
    log.signing = { signer: signerFromPem(next) };
    await log.seal([], { now: START + DAY });
    const regions = new Regions();
    log.archive(...regions.both);
    const options = { keys: keysOf(pem, next), from: dayOf(1) };
    expect(shortly(await regions.verify(log, options))).toEqual(['WRONG_KEY 1']);
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

  it('that is in force is preferred to an old one, and what an old one signed is not passed on', async () => {
    const next = newPem();
    const log = new SealedLog();
    await log.seal();
    log.signing = { signer: signerFromPem(pem), next: signerFromPem(next) };
    const rotated = await log.seal();
    const forged = await new BatchBuilder(rotated.head).seal(
      { ...log.terms, partitions: 7 },
      { signer: signerFromPem(pem) },
    );
    log.signing = { signer: signerFromPem(next) };
    const late = await log.seal();
    const regions = new Regions();
    for (const region of regions.both) {
      region.put(late.name, forged.object, forged.header.retainUntil);
    }
    const looked: number[] = [];
    const options = {
      keys: keysOf(pem, next),
      onBatch: async ({ batch }: SignedBatch) => {
        looked.push(batch.header.partitions);
      },
    };
    log.archive(...regions.both);
    expect(shortly(await regions.verify(log, options))).toEqual(['FORK 2 a', 'FORK 2 b']);
    for (const region of regions.both) {
      region.versions = region.versions.filter(({ bytes }) => bytes !== late.object);
    }
    expect(looked).toEqual([1, 1, 1]);
    expect(shortly(await regions.verify(log, options))).toEqual(['WRONG_KEY 2']);
    expect(looked).toEqual([1, 1, 1, 1, 1]);
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
    const unknown = [0, 1].flatMap((i) => [`UNKNOWN_OBJECT ${i} a`, `UNKNOWN_OBJECT ${i} b`]);
    expect(shortly(report).sort()).toEqual(['ARCHIVE_EMPTY', ...unknown]);
    expect(report.problems[1]?.found).toContain('no signature by a key of deployment');
  });
});

describe('objects without an authentic one beside them', () => {
  it('are the batch that is due next, damaged, when its header is signed', async () => {
    const { log, regions } = await archived();
    const next = await log.seal(new Producer('bank').flush(3));
    const damaged = Buffer.from(next.object);
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 20) ^ 1, damaged.length - 20);
    for (const region of regions.both) region.put(next.name, damaged, next.header.retainUntil);
    expect(shortly(await regions.verify(log))).toEqual([
      'ENTRY_MALFORMED 6 a',
      'ENTRY_MALFORMED 6 b',
    ]);
  });

  it('are incidents where no signed header speaks for them, though the log be due to go on there', async () => {
    const { log, regions } = await archived();
    const next = await log.seal();
    log.batches.pop();
    regions.a.put(next.name, Buffer.from('no batch'), null);
    regions.b.put(next.name.replace('00000/', '00001/'), Buffer.from('no batch'), null);
    regions.b.put(next.name.replace('auth-events', 'other'), Buffer.from('no batch'), null);
    const { problems } = await regions.verify(log);
    expect(problems.map(({ code, severity, region }) => `${code} ${severity} ${region}`)).toEqual([
      'UNKNOWN_OBJECT incident a',
      'UNKNOWN_OBJECT incident b',
      'UNKNOWN_OBJECT incident b',
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

describe('an object that the store does not give', () => {
  const refuse = (region: MemoryArchive, isRefused: (key: string) => boolean) => {
    const get = region.getVersion.bind(region);
    region.getVersion = async (key, version) => {
      if (!isRefused(key)) return get(key, version);
      throw new RuntimeError('S3_VERSION_REFUSED', `${key}: GetObject failed with AccessDenied`);
    };
  };

  it('is a breach, and does not hide the others', async () => {
    const { log, regions } = await archived();
    refuse(regions.a, (key) => key.endsWith(log.batches[3]?.name ?? ''));
    regions.b.hide(log.batches[4]?.name ?? '');
    const { problems } = await regions.verify(log);
    expect(problems).toMatchObject([
      { code: 'OBJECT_UNREADABLE', batch: 3, region: 'a', severity: 'breach' },
      { code: 'DELETE_MARKER', batch: 4, region: 'b' },
    ]);
    expect(problems[0]?.found).toContain('AccessDenied');
  });

  it('is no finding when the region gives none at all: permission to read is lacking', async () => {
    const { log, regions } = await archived();
    refuse(regions.a, () => true);
    await expect(regions.verify(log)).rejects.toMatchObject({
      code: 'S3_ACCESS_DENIED',
      message: expect.stringContaining('Region a lists 6 versions and gives none'),
    });
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
