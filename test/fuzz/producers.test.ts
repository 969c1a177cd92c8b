/**
 * A producer that signs, and whoever may write under its id: among its flushes stands anything that he
 * can make, flushes are repeated and lost. Whatever that is, a loss shows, nothing else is called one,
 * each event that it signed is counted, and an export has it, in its order.
 */
import {
  LINK_HEADER,
  nextLink,
  SEQUENCE_HEADER,
  SIGNATURE_HEADER,
  sha256Text,
} from '@authseal/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  newPem,
  Producer,
  SealedLog,
  unchained,
  vkeyOf,
} from '../../verifier/src/testing/sealed-log.ts';
import { Regions } from '../../verifier/src/testing/verified.ts';
import { parseProducerKeys } from '../../verifier/src/verify/producer-keys.ts';
import { cases, TIMEOUT } from './rounds.ts';

type Records = ReturnType<Producer['flush']>;

const key = newPem();
const options = { producers: parseProducerKeys(vkeyOf(key, 'shop'), 'test') };
/** A flush is below one batch, so it reaches into the next one at most. */
const LONGEST_FLUSH = 3;

/** What comes next in the log. `kind` chooses among what an intruder can make. */
const step = fc.record({
  what: fc.constantFrom('flush', 'flush', 'lost', 'repeat', 'junk', 'junk'),
  kind: fc.nat(5),
  count: fc.integer({ min: 1, max: LONGEST_FLUSH }),
  /** From the sequence due. */
  distance: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(999_999_999_000_000)),
  before: fc.nat(7),
});
type Step = typeof step extends fc.Arbitrary<infer Drawn> ? Drawn : never;

const headerOf = (records: Records, name: string) =>
  records.at(-1)?.headers.find(([each]) => each === name)?.[1] as Buffer;

/** An event that the producer does not send: where a flush is lost, its own in its place would be no loss. */
const STRANGE = 1_000_000;

/** What somebody without the key can make of what stands in the topic. */
function junk(
  id: string,
  flushes: readonly Records[],
  { kind, count, distance, before }: Step,
): Records {
  const last = flushes.at(-1);
  const due = last === undefined ? 0 : Number(headerOf(last, SEQUENCE_HEADER)) + 1;
  const from = Math.max(0, due + distance);
  const events = Array.from({ length: count }, (_, i) => ({
    ...unchained(STRANGE),
    key: Buffer.from(id),
    headers: [[SEQUENCE_HEADER, Buffer.from(`${from + i}`)]] as [string, Buffer][],
  }));
  const copied = flushes[before % Math.max(1, flushes.length)] ?? [];
  if (kind === 0) return events;
  if (kind === 1) return copied.slice(count - 1);
  if (kind === 2) {
    return copied.map((record) => ({
      ...record,
      headers: record.headers.filter(([name]) => name !== SIGNATURE_HEADER),
    }));
  }
  const isRight = kind === 3 && last !== undefined && from === due;
  const values = events.map(({ value }) => sha256Text(value as Buffer));
  const link = isRight
    ? nextLink(headerOf(last, LINK_HEADER), due + count - 1, values)
    : Buffer.alloc(32, kind);
  events.at(-1)?.headers.push([LINK_HEADER, link]);
  if (kind === 5) events.at(-1)?.headers.push([SIGNATURE_HEADER, Buffer.alloc(64, 1)]);
  return events;
}

async function judge(steps: readonly Step[], batchSize: number) {
  const producer = new Producer('shop', key);
  const records: Records = [];
  const flushes: Records[] = [];
  const own = new Set<number>();
  let isLost = false;
  let signed = 0;
  // What follows the last loss shows it.
  for (const each of [...steps, { ...(steps[0] as Step), what: 'flush' as const }]) {
    if (each.what === 'junk') records.push(...junk(producer.id, flushes, each));
    else if (each.what === 'repeat') records.push(...(flushes.at(-1) ?? []));
    else {
      const flush = producer.flush(each.count);
      if (each.what === 'lost') isLost = true;
      else {
        for (const record of flush) own.add(records.push(record) - 1);
        flushes.push(flush);
        signed += each.count;
      }
    }
  }
  const log = new SealedLog();
  for (let at = 0; at < records.length; at += batchSize) {
    await log.seal(records.slice(at, at + batchSize));
  }
  await log.seal();
  await log.seal();
  const regions = new Regions();
  log.archive(...regions.both);
  const seen: number[] = [];
  const report = await regions.verify(log, {
    ...options,
    onEvent: ({ entry }) => seen.push(entry.offset),
  });
  return { report, isLost, signed, own, seen };
}

const showsLoss = (codes: string[]) =>
  codes.includes('SEQUENCE_GAP') || codes.includes('LINK_BROKEN');

describe('a producer with a key, among whatever stands under its id', () => {
  it(
    'has each loss told and none invented, and each event counted and exported',
    TIMEOUT,
    async () => {
      const steps = fc.array(step, { minLength: 1, maxLength: 20 });
      const batchSize = fc.integer({ min: LONGEST_FLUSH, max: 12 });
      await fc.assert(
        fc.asyncProperty(steps, batchSize, async (drawn, size) => {
          const { report, isLost, signed, own, seen } = await judge(drawn, size);
          const codes = report.problems.map(({ code }) => code);
          // Where junk stands right before the flush behind the loss, that flush's own link shows it.
          if (isLost) expect(codes).toSatisfy(showsLoss);
          else expect(codes).not.toContain('SEQUENCE_GAP');
          const [counted] = report.producers;
          if (!isLost) expect(counted?.signed).toBe(signed);
          expect(counted?.signed).toBeLessThanOrEqual(signed);
          expect(seen).toEqual(seen.toSorted((a, b) => a - b));
          expect([...own].filter((offset) => !seen.includes(offset))).toEqual([]);
        }),
        cases(1000),
      );
    },
  );
});
