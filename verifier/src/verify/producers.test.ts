import { nextLink, type SourceRecord, sha256Text } from '@authseal/ledger';
import { describe, expect, it } from 'vitest';
import {
  DAY,
  MINUTE,
  newPem,
  Producer,
  SealedLog,
  START,
  unchained,
  vkeyOf,
} from '../testing/sealed-log.ts';
import { Regions, shortly } from '../testing/verified.ts';
import { parseProducerKeys } from './producer-keys.ts';
import type { VerifyOptions } from './verify-archive.ts';

type Records = Omit<SourceRecord, 'offset' | 'timestamp'>[];

/** Seals a batch of each of these, and says what verify makes of it; `seen`: what an export gets. */
async function judge(batches: readonly Records[], options: Partial<VerifyOptions> = {}) {
  const log = new SealedLog();
  for (const records of batches) await log.seal(records);
  const regions = new Regions();
  log.archive(...regions.both);
  const seen: number[] = [];
  const onEvent: VerifyOptions['onEvent'] = ({ entry }) => seen.push(entry.offset);
  const report = await regions.verify(log, { onEvent, ...options });
  return { ...report, short: shortly(report), seen };
}

/** The same of several logs, each with batches of these. */
async function judgeLogs(
  logs: readonly (readonly Records[])[],
  options: Partial<VerifyOptions> = {},
) {
  const regions = new Regions();
  const sealed = logs.map((_, partition) => new SealedLog(partition));
  for (const [i, log] of sealed.entries()) {
    for (const records of logs[i] ?? []) await log.seal(records, { partitions: logs.length });
    log.archive(...regions.both);
  }
  return regions.verify(sealed, options);
}

/** The same of a log whose second batch, with `lost`, has expired. */
async function judgeBehindHole(
  [before, lost, ...after]: readonly Records[],
  options: Partial<VerifyOptions> = {},
) {
  const log = new SealedLog();
  log.terms = { ...log.terms, retention: MINUTE };
  await log.seal(before);
  await log.seal(lost);
  for (const records of after) await log.seal(records, { retention: DAY });
  log.batches.splice(1, 1);
  const regions = new Regions();
  log.archive(...regions.both);
  return regions.verify(log, { now: START + 10 * MINUTE, grace: DAY, ...options });
}

const withHeader = (record: Records[number], name: string, value: Buffer | string) => ({
  ...record,
  headers: record.headers.map((header) =>
    header[0] === name ? ([name, Buffer.from(value)] as const) : header,
  ),
});

describe('a producer', () => {
  it('whose events are all there is reported with their number', async () => {
    const producer = new Producer();
    const { problems, producers } = await judge([producer.flush(3), producer.flush(1)]);
    expect(problems).toEqual([]);
    expect(producers).toEqual([{ producer: producer.id, events: 4, signed: 0, last: 3 }]);
  });

  it('may have a flush that reaches into the next batch', async () => {
    const flush = new Producer().flush(4);
    expect((await judge([flush.slice(0, 2), flush.slice(2)])).problems).toEqual([]);
  });

  it('lacks events: the first, some between, and those after the last link are told apart', async () => {
    const all = (producer: Producer) => [
      ...producer.flush(3),
      ...producer.flush(3),
      ...producer.flush(3),
    ];
    expect((await judge([all(new Producer()).slice(1)])).short).toEqual(['SEQUENCE_GAP 0']);
    expect((await judge([all(new Producer()).toSpliced(4, 1)])).short).toEqual(['SEQUENCE_GAP 0']);
    const cut = await judge([all(new Producer()).slice(0, 7), [], []]);
    expect(cut.short).toEqual(['FLUSH_UNFINISHED 0']);
  });

  it('may have an open flush in the last batch of a log that goes on', async () => {
    const flush = new Producer().flush(3).slice(0, 2);
    expect((await judge([[], flush])).short).toEqual([]);
    const log = new SealedLog();
    await log.seal(flush, { heartbeat: null });
    const regions = new Regions();
    log.archive(...regions.both);
    expect(shortly(await regions.verify(log))).toEqual(['FLUSH_UNFINISHED 0']);
  });

  it('whose event was changed or whose link was forged does not fit its chain', async () => {
    const producer = new Producer();
    const flush = [...producer.flush(3), ...producer.flush(3)];
    const other = new Producer().flush(5);
    const changed = flush.with(1, {
      ...flush[1],
      value: other[4]?.value ?? null,
    } as Records[number]);
    const { problems } = await judge([changed]);
    // The rest of the chain hangs on the link as it stands, so one problem stays one.
    expect(problems).toMatchObject([{ code: 'LINK_BROKEN', severity: 'incident', batch: 0 }]);
    const forged = flush.with(
      2,
      withHeader(flush[2] as Records[number], 'authseal-link', Buffer.alloc(32)),
    );
    expect((await judge([forged])).short).toEqual(['LINK_BROKEN 0', 'LINK_BROKEN 0']);
  });

  it('is unproven, and no problem, where its flush is cut by a hole of expired batches', async () => {
    const producer = new Producer();
    const flush = producer.flush(4);
    const batches = [[], flush.slice(0, 2), flush.slice(2), producer.flush(2)];
    expect(shortly(await judgeBehindHole(batches))).toEqual([]);
  });

  it('is unproven where a range of time begins', async () => {
    const producer = new Producer();
    const batches = [[], producer.flush(2), producer.flush(2), producer.flush(2)];
    const { short, producers } = await judge(batches, { from: START + 2 * MINUTE });
    expect(short).toEqual([]);
    expect(producers).toMatchObject([{ events: 4, last: 5 }]);
  });

  it('keeps to one log', async () => {
    const producer = new Producer();
    const { problems } = await judgeLogs([[producer.flush(2)], [producer.flush(2)]]);
    expect(problems).toMatchObject([
      { code: 'PRODUCER_MOVED', origin: 'test/auth-events/1' },
      { code: 'SEQUENCE_GAP', origin: 'test/auth-events/1' },
    ]);
  });

  it('speaks for its own service only', async () => {
    const { problems } = await judge([new Producer('shop').flush(3, 'bank')]);
    expect(problems).toMatchObject([
      { code: 'IMPERSONATED', severity: 'incident', found: expect.stringContaining('3 events') },
    ]);
  });
});

describe('a repeat', () => {
  it('of a flush that a hole has cut is no replay', async () => {
    const producer = new Producer();
    const flush = producer.flush(2);
    const behind = [...flush.slice(1), ...flush, ...producer.flush(2)];
    expect(shortly(await judgeBehindHole([[], flush.slice(0, 1), behind]))).toEqual([]);
  });

  it('of a whole flush is a note, and is not exported', async () => {
    const producer = new Producer();
    const [first, second, third] = [producer.flush(2), producer.flush(3), producer.flush(1)];
    const { ok, problems, seen, producers } = await judge([
      [...first, ...second],
      [...second, ...third],
    ]);
    expect(problems).toMatchObject([
      { code: 'REPEAT', severity: 'note', batch: 1, found: expect.stringContaining('2 to 4') },
    ]);
    expect(ok).toBe(true);
    expect(seen).toEqual([0, 1, 2, 3, 4, 8]);
    expect(producers).toMatchObject([{ events: 6, last: 5 }]);
  });

  it('may come late, may come twice, and may be parted by the end of a batch', async () => {
    const producer = new Producer();
    const [first, second] = [producer.flush(2), producer.flush(2)];
    const { short, seen } = await judge([
      [...first, ...second, ...first],
      first.slice(0, 1),
      first.slice(1),
    ]);
    expect(short).toEqual(['REPEAT 0', 'REPEAT 2']);
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it('of which the end is not sealed yet is no problem, and is exported for now', async () => {
    const flush = new Producer().flush(3);
    const { problems, seen } = await judge([flush, flush.slice(0, 2)]);
    expect(problems).toEqual([]);
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });

  it('that has no end is not waited for longer than a batch', async () => {
    const producer = new Producer();
    const [first, second] = [producer.flush(3), producer.flush(1)];
    const { problems, seen } = await judge([first, first.slice(0, 2), [], [], second]);
    expect(problems).toMatchObject([
      { code: 'REPLAYED', batch: 1, found: expect.stringContaining('sequences 0 to 1') },
    ]);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('that differs in anything is a replay, and is exported', async () => {
    const producer = new Producer();
    const flush = producer.flush(3);
    const other = new Producer('shop').flush(9)[8]?.value ?? null;
    const altered = flush.with(1, { ...flush[1], value: other } as Records[number]);
    for (const again of [altered, flush.slice(0, 2), flush.slice(1), flush.toSpliced(1, 1)]) {
      const { problems, seen, ok } = await judge([flush, again, []]);
      expect(problems.map(({ code }) => code)).toContain('REPLAYED');
      expect(seen).toEqual(Array.from({ length: 3 + again.length }, (_, i) => i));
      expect(ok).toBe(false);
    }
  });
});

describe('a service with a key', () => {
  const key = newPem();
  const keys = (line = '') => ({
    producers: parseProducerKeys(`${vkeyOf(key, 'shop')}${line}`, 'test'),
  });

  it('signs each flush', async () => {
    const producer = new Producer('shop', key);
    const { problems, producers } = await judge([producer.flush(3), producer.flush(2)], keys());
    expect(problems).toEqual([]);
    expect(producers).toMatchObject([{ events: 5, signed: 5 }]);
  });

  it('has not signed what its signed link does not cover', async () => {
    const flush = new Producer('shop', key).flush(2);
    const value = new Producer().flush(9)[8]?.value ?? null;
    const { problems, producers } = await judge(
      [[{ ...flush[0], value } as Records[number], ...flush.slice(1)]],
      keys(),
    );
    expect(problems.map(({ code }) => code)).toEqual(['LINK_BROKEN']);
    expect(producers).toMatchObject([{ events: 2, signed: 0 }]);
  });

  it('is forged by an unsigned flush, by a wrong signature, and by events without a chain', async () => {
    expect((await judge([new Producer('shop').flush(1)], keys())).short).toEqual([
      'FLUSH_UNSIGNED 0',
    ]);
    const thief = new Producer('shop', newPem());
    expect((await judge([thief.flush(1)], keys())).short).toEqual(['FLUSH_FORGED 0']);
    const { problems } = await judge([[unchained(1)]], keys());
    expect(problems).toMatchObject([{ code: 'UNCHAINED', severity: 'incident' }]);
  });

  it('is not asked for signatures before its time', async () => {
    const since = new Date(START + MINUTE).toISOString();
    const producer = new Producer('shop');
    const batches = [producer.flush(1), producer.flush(1)];
    expect((await judge(batches, keys(` from ${since}`))).short).toEqual(['FLUSH_UNSIGNED 1']);
  });
});

describe('whoever may write under the id of a producer with a key', () => {
  const key = newPem();
  const options = { producers: parseProducerKeys(vkeyOf(key, 'shop'), 'test') };
  const link = ['authseal-link', Buffer.alloc(32, 1)] as const;

  /** An event under the producer's id, with any number, and with a link or signature if given. */
  const intruder = (
    { id }: Producer,
    sequence: number,
    ...headers: (readonly [string, Buffer])[]
  ): Records[number] => ({
    ...unchained(1),
    key: Buffer.from(id),
    headers: [['authseal-sequence', Buffer.from(String(sequence))], ...headers],
  });

  it('cannot lead its chain away by a number far ahead', async () => {
    for (const ahead of [3, 999_999_999_999_999]) {
      const producer = new Producer('shop', key);
      const [first, second, third] = [2, 3, 1].map((count) => producer.flush(count)) as Records[];
      const { problems, producers, seen } = await judge(
        [[...(first ?? []), intruder(producer, ahead), ...(second ?? [])], third ?? []],
        options,
      );
      expect(problems).toMatchObject([{ code: 'FLUSH_UNFINISHED', batch: 0 }]);
      expect(producers).toMatchObject([{ events: 7, signed: 6, last: 5 }]);
      expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6]);
    }
  });

  it('cannot take the place of its next flush, with or without a link', async () => {
    for (const headers of [[], [link]]) {
      const producer = new Producer('shop', key);
      const [first, second, third] = [2, 3, 1].map((count) => producer.flush(count)) as Records[];
      const { problems, producers } = await judge(
        [
          [...(first ?? []), intruder(producer, 2, ...headers)],
          [...(second ?? []), ...(third ?? [])],
        ],
        options,
      );
      const codes = headers.length === 0 ? ['FLUSH_UNFINISHED'] : ['LINK_BROKEN', 'FLUSH_UNSIGNED'];
      expect(problems.map(({ code }) => code)).toEqual(codes);
      expect(producers).toMatchObject([{ events: 7, signed: 6, last: 5 }]);
    }
  });

  it('has it not taken for repeated by sending its flush without the signature first', async () => {
    const producer = new Producer('shop', key);
    const [first, second] = [producer.flush(2), producer.flush(2)];
    const unsigned = first.map(({ headers, ...record }) => ({
      ...record,
      headers: headers.filter(([name]) => name !== 'authseal-signature'),
    }));
    const { short, producers, seen } = await judge([[...unsigned, ...first, ...second]], options);
    expect(short).toEqual(['FLUSH_UNSIGNED 0']);
    expect(producers).toMatchObject([{ signed: 4 }]);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('cannot fill the place of events that are lost', async () => {
    for (const fill of [[4], [3, 4]]) {
      const producer = new Producer('shop', key);
      const [first, , third, fourth] = [3, 2, 2, 1].map((count) => producer.flush(count));
      const filled = fill.map((sequence) => intruder(producer, sequence, link));
      const { problems, producers } = await judge(
        [[...(first ?? []), ...filled, ...(third ?? [])], fourth ?? []],
        options,
      );
      expect(problems.filter(({ code }) => code === 'SEQUENCE_GAP')).toMatchObject([
        {
          expected: 'sequence 3',
          found: expect.stringMatching(/: 5: 2 events are missing, or not/),
        },
      ]);
      // The third flush is signed; without the second nobody can tell what its signature covers.
      expect(producers).toMatchObject([{ signed: 4, last: 7 }]);
    }
  });

  it('cannot hide the loss of its events among gaps that he makes', async () => {
    const producer = new Producer('shop', key);
    const [first, , third] = [producer.flush(2), producer.flush(2), producer.flush(2)];
    const gaps = (from: number) =>
      Array.from({ length: 30 }, (_, i) => intruder(new Producer('junk', null, from + i), 7, link));
    const batches = Array.from({ length: 60 }, (_, i) => gaps(30 * i));
    const { problems } = await judge(
      [first, ...batches, [...gaps(30 * 60), ...(third ?? [])]],
      options,
    );
    const lost = problems.filter(({ found }) => found.startsWith(producer.id));
    expect(lost).toMatchObject([
      { code: 'SEQUENCE_GAP', batch: 61, found: `${producer.id}: 4: 2 events are missing` },
    ]);
  });

  it('makes no home of it by writing to a log that is looked at before', async () => {
    const producer = new Producer('shop', key);
    const before = [intruder(producer, 0), intruder(producer, 9, link)];
    const { problems } = await judgeLogs([[before], [producer.flush(2)]], options);
    expect(problems.map(({ code, origin }) => `${code} ${origin}`)).toEqual([
      'FLUSH_UNFINISHED test/auth-events/0',
      'FLUSH_UNSIGNED test/auth-events/0',
    ]);
  });

  it('cannot hide it among gaps that copies of another’s signed flushes make', async () => {
    const [mine, other] = [new Producer('shop', key), new Producer('shop', key, 2)];
    const [first, , third] = [mine.flush(2), mine.flush(2), mine.flush(2)];
    const flushes = Array.from({ length: 60 }, () => other.flush(1));
    const copied = flushes.filter((_, i) => i % 2 === 1).flat();
    const logs = [[flushes.flat()], [first, [...copied, ...third]]];
    const { problems } = await judgeLogs(logs, options);
    const lost = problems.filter(({ found }) => found.startsWith(mine.id));
    expect(lost).toMatchObject([{ code: 'SEQUENCE_GAP', origin: 'test/auth-events/1', batch: 1 }]);
  });

  it('hides no loss by copying what is left of it to a log that is looked at before', async () => {
    const producer = new Producer('shop', key);
    const [first, , third] = [producer.flush(2), producer.flush(2), producer.flush(2)];
    const { problems } = await judgeLogs([[first], [third]], options);
    expect(problems.map(({ code, origin }) => `${code} ${origin}`)).toEqual([
      'PRODUCER_MOVED test/auth-events/1',
      'SEQUENCE_GAP test/auth-events/1',
    ]);
  });

  it('cannot make it forget a flush that it may have to send again', async () => {
    const producer = new Producer('shop', key);
    const flush = producer.flush(2);
    const junk = Array.from({ length: 9 }, (_, i) => intruder(producer, 1000 + 2 * i, link));
    const { problems, seen } = await judge([[...flush, ...junk, ...flush]], options);
    expect(new Set(problems.map(({ code }) => code))).toEqual(
      new Set(['FLUSH_UNSIGNED', 'REPEAT']),
    );
    expect(seen).toHaveLength(11);
  });

  it('is told of though nobody can tell what was before a hole', async () => {
    const producer = new Producer('shop', key);
    const batches = [[], producer.flush(2), producer.flush(2)] as Records[];
    batches.push([intruder(producer, 0, link), intruder(producer, 1)], producer.flush(2));
    const { problems } = await judge(batches, { ...options, from: START + 2 * MINUTE });
    expect(problems.map(({ code, found }) => [code, found.split(': ')[1]?.slice(0, 18)])).toEqual([
      ['REPLAYED', 'sequences 0 to 0, '],
      ['REPLAYED', 'sequences 1 to 1, '],
    ]);
  });

  it('stands back behind what the service signs once it has to', async () => {
    const since = new Date(START + MINUTE).toISOString();
    const later = { producers: parseProducerKeys(`${vkeyOf(key, 'shop')} from ${since}`, 'test') };
    const producer = new Producer('shop', key);
    const first = producer.flush(1);
    const before = first[0]?.headers.find(([name]) => name === 'authseal-link')?.[1] as Buffer;
    const forged = Array.from({ length: 9 }, (_, i) => intruder(producer, 1 + i));
    const hashes = forged.map(({ value }) => sha256Text(value as Buffer));
    const forgedLink = ['authseal-link', nextLink(before, 9, hashes)] as const;
    const last = intruder(producer, 9, forgedLink);
    const { problems, producers } = await judge(
      [[...first, ...forged.slice(0, -1), last], producer.flush(2), producer.flush(2)],
      later,
    );
    expect(problems).toMatchObject([{ code: 'REPLAYED', batch: 1 }]);
    expect(producers).toMatchObject([{ signed: 3 }]);
  });

  it('has nothing behind a hole taken for a gap or a replay', async () => {
    const producer = new Producer('shop', key);
    const [before, lost] = [producer.flush(2), producer.flush(2)];
    const rest = [intruder(producer, 999, link), ...producer.flush(2), ...producer.flush(2)];
    const report = await judgeBehindHole([before, lost, rest], options);
    expect(shortly(report)).toEqual(['FLUSH_UNSIGNED 2']);
    expect(report.producers).toMatchObject([{ last: 7 }]);
  });
});

describe('an event outside any chain', () => {
  it('is a note where its service has no key', async () => {
    const nameless = { key: Buffer.from('mine'), value: Buffer.from('what?'), headers: [] };
    const none = { key: null, value: null, headers: [] };
    const { ok, problems, seen } = await judge([[unchained(1), unchained(2), nameless, none]]);
    expect(ok).toBe(true);
    expect(problems.map(({ code, severity, found }) => [code, severity, found])).toEqual([
      ['UNCHAINED', 'note', '2 events that name shop, without key or sequence'],
      ['UNCHAINED', 'note', '2 events that name no service, without key or sequence'],
    ]);
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it('is an incident where its service has a key, however many notes stand beside it', async () => {
    const producers = parseProducerKeys(vkeyOf(newPem(), 'shop'), 'test');
    const others = Array.from({ length: 25 }, (_, i) => unchained(1, `other-${i}`));
    const { ok, problems } = await judge([[...others, unchained(1)]], { producers });
    expect(ok).toBe(false);
    expect(problems[0]).toMatchObject({
      severity: 'incident',
      found: expect.stringMatching('shop'),
    });
  });

  it('is told of by the beginning of its service, however long that is', async () => {
    const long = ['a', '\u0001'].map((letter) => unchained(1, letter.repeat(100_000)));
    const { problems } = await judge([long]);
    expect(problems.map(({ found }) => found.length < 500)).toEqual([true, true]);
    expect(JSON.stringify(problems)).toContain('aaa…');
  });

  it('is one whose key names a service longer than any may be', async () => {
    const [record] = new Producer().flush(1) as [Records[number]];
    const keyOf = (length: number) =>
      Buffer.from(`${record.key}`.replace('shop', 'a'.repeat(length)));
    const [longest, longer] = [249, 250].map((length) => ({ ...record, key: keyOf(length) }));
    expect((await judge([[longer as typeof record]])).short).toEqual(['UNCHAINED 0']);
    expect((await judge([[longest as typeof record]])).short).not.toContain('UNCHAINED 0');
  });

  it('is one whose sequence stands twice or is no number', async () => {
    const [record] = new Producer().flush(1) as [Records[number]];
    const twice = { ...record, headers: [...record.headers, ...record.headers] };
    const odd = withHeader(record, 'authseal-sequence', '01');
    expect((await judge([[twice, odd]])).short).toEqual(['UNCHAINED 0']);
  });
});
