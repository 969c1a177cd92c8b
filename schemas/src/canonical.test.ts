import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileEndOf } from './canonical.ts';
import { compileCodec } from './codec.ts';
import { endOfAuthEvent, endOfEntry } from './generated/canonical.ts';
import { AUTH_EVENT_SCHEMA_TEXTS, ENTRY_SCHEMA_TEXTS } from './generated/schema-texts.ts';
import { parseSchema } from './schema.ts';
import { Sink } from './sink.ts';
import { arbitraryValue } from './testing/arbitrary.ts';

/** At a place, a byte put instead of another, or before it, or the rest cut off. */
const change = fc.record({
  at: fc.nat(),
  byte: fc.oneof(fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff), fc.nat(255)),
  how: fc.constantFrom('replace', 'insert', 'cut'),
});

describe.each([
  ['authseal.AuthEvent', AUTH_EVENT_SCHEMA_TEXTS.at(-1) as string, endOfAuthEvent],
  ['authseal.Entry', ENTRY_SCHEMA_TEXTS.at(-1) as string, endOfEntry],
])('the generated check of %s', (_, text, generated) => {
  const schema = parseSchema(text);
  const compiled = compileEndOf(schema);
  const codec = compileCodec(text);

  it('is the one that is used', () => expect(codec.end).toBe(generated));

  it('ends each value where the compiled one does, also when its bytes were changed', () => {
    let refused = 0;
    fc.assert(
      fc.property(arbitraryValue(schema), fc.array(change, { maxLength: 3 }), (value, changes) => {
        const out = new Sink(64);
        codec.write(value, out);
        let bytes = out.written();
        for (const { at, byte, how } of changes) {
          const place = at % bytes.length;
          const rest = bytes.subarray(place + (how === 'replace' ? 1 : 0));
          const parts = [bytes.subarray(0, place), Buffer.from([byte]), rest];
          bytes = Buffer.concat(how === 'cut' ? parts.slice(0, 2) : parts);
        }
        const end = compiled(bytes, 0);
        if (end < 0) refused += 1;
        expect(generated(bytes, 0)).toBe(end);
      }),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(300);
  });
});
