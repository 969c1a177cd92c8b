/**
 * The border of Avro bytes: what a producer's value is. Whatever the bytes:
 *
 * - they are classified, or refused with SchemaError, and can be had back as they came;
 * - what is taken for canonical has this one encoding: rewriting it, by our codec and by avsc, gives
 *   the same bytes;
 * - what is taken at all, in the blocks of other encoders too, fastavro reads to the same fields: all
 *   that was accepted is one container file, read by one Python process.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AuthEvent,
  classifyValue,
  decodeEvent,
  encodeEvent,
  SchemaError,
} from '@authseal/schemas';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { compileCodec } from '../../schemas/src/codec.ts';
import { AUTH_EVENT_SCHEMA_TEXTS } from '../../schemas/src/generated/schema-texts.ts';
import { parseSchema } from '../../schemas/src/schema.ts';
import { arbitraryEvent } from '../../schemas/src/testing/arbitrary.ts';
import { writeInBlocks } from '../../schemas/src/testing/blocks.ts';
import { avscType } from '../../schemas/src/testing/through-avsc.ts';
import { containerOf, FASTAVRO, plain, readByFastavro } from './fastavro.ts';
import { held } from './memory.ts';
import { mutated } from './mutations.ts';
import { cases, SEED, TIMEOUT } from './rounds.ts';

const CURRENT = AUTH_EVENT_SCHEMA_TEXTS.at(-1) as string;
const SCHEMA = parseSchema(CURRENT);
const CODEC = compileCodec(CURRENT);
const AVSC = avscType(CURRENT);
const BODY_AT = 10;
/** MiB that 10,000 cases may leave behind. */
const NO_LEAK = 48;

const folder = mkdtempSync(join(tmpdir(), 'authseal-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Events as chance makes them, and in ASCII, as most are: a bit that flips there leaves it right. */
const events = fc.sample(fc.tuple(arbitraryEvent, fc.infiniteStream(fc.nat())), {
  numRuns: 1000,
  seed: SEED,
});
const inAscii = (event: AuthEvent): AuthEvent =>
  JSON.parse(JSON.stringify({ ...event, protected: [] }).replace(/[^\x20-\x7e]/g, 'x'));

/** Values as our encoder writes them, and as others do. */
const originals = events.flatMap(([event, choices]) =>
  [event, inAscii(event)].flatMap((each) => {
    const value = encodeEvent(each);
    const blocks = writeInBlocks(SCHEMA, each, (below) => choices.next().value % below);
    return [value, Buffer.concat([value.subarray(0, BODY_AT), blocks])];
  }),
);

describe('a Kafka value of whatever bytes', () => {
  it(
    'is classified or refused, is not lost, and has one encoding if canonical',
    TIMEOUT,
    async () => {
      const before = await held();
      const kinds = new Map<string, number>();
      fc.assert(
        fc.property(mutated(originals), ({ bytes }) => {
          const { problem, raw, event } = classifyValue(bytes);
          const kind = problem ?? (raw === null ? 'canonical' : 'in blocks');
          kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
          const kept = raw?.value ?? Buffer.concat([bytes.subarray(0, BODY_AT), event as Buffer]);
          expect(kept.equals(bytes)).toBe(true);
          const said = decoded(bytes);
          if (event === null) {
            expect(said).toBe(problem);
            return;
          }
          expect(problem).toBeNull();
          expect(said).toEqual(CODEC.read(event));
          expect(CODEC.canonicalize(event)).toEqual(event);
          expect(AVSC.toBuffer(AVSC.fromBuffer(event))).toEqual(event);
        }),
        cases(),
      );
      // Else the cases would say nothing.
      const few = ['canonical', 'in blocks', 'MALFORMED', 'UNKNOWN_SCHEMA'].filter(
        (kind) => (kinds.get(kind) ?? 0) < 100,
      );
      expect(few).toEqual([]);
      expect((await held()) - before).toBeLessThan(NO_LEAK);
    },
  );

  it.skipIf(!FASTAVRO)('is read by fastavro to the same fields if accepted', TIMEOUT, () => {
    const sample = fc.sample(mutated(originals), cases()).map(({ bytes }) => bytes);
    const isEvent = (value: Buffer) => classifyValue(value).event !== null;
    const bodies = [...originals, ...sample.filter(isEvent)].map((value) =>
      value.subarray(BODY_AT),
    );
    expect(bodies.length).toBeGreaterThan(originals.length + 500);
    const file = join(folder, 'accepted.avro');
    writeFileSync(file, containerOf(CURRENT, bodies));
    const found = readByFastavro(file);
    expect(found.length).toBe(bodies.length);
    for (const [i, body] of bodies.entries()) {
      expect(found[i]).toEqual(plain(CODEC.read(CODEC.canonicalize(body) as Buffer)));
    }
  });
});

/** The event, or the code of its refusal. */
function decoded(value: Buffer): AuthEvent | string {
  try {
    return decodeEvent(value);
  } catch (error) {
    if (error instanceof SchemaError) return error.code;
    throw error;
  }
}
