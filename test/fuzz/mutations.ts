/** Bytes and texts that were right, changed as chance and malice change them. */
import fc from 'fast-check';

type Change = (bytes: Buffer) => Buffer;

/** A place in bytes of any length, as a share of them. */
const share = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const at = (bytes: Buffer, part: number): number => Math.floor(part * (bytes.length + 1));

/** Ends, signs and sizes that numbers go wrong at, as bytes. */
const NUMBERS = [
  '00',
  '01',
  '7f',
  '80',
  'ff',
  '8000',
  'ffff',
  'ffffffff',
  '7fffffff',
  '80000000',
  '00000000',
  'ffffffff0f',
  'feffffffffffff1f',
  'ffffffffffffffff',
  'ffffffffffffffffff01',
].map((hex) => Buffer.from(hex, 'hex'));

/** What breaks texts: half of UTF-16, ends of lines and of texts, marks, brackets without end. */
const TEXTS = [
  '\0',
  '\n',
  '\r\n',
  '\n\n',
  ' ',
  '\u2028',
  '\ufeff',
  '"',
  '\\',
  '\\ud800',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '#',
  '=',
  '+',
  '-',
  '—',
  '__proto__',
  'constructor',
  'null',
  '1e999',
  '\u202e',
  '\x1b[31m',
].map((text) => Buffer.from(text));
const BROKEN = ['c0af', 'eda080', 'f4908080', '80'].map((hex) => Buffer.from(hex, 'hex'));

const piece = fc.oneof(
  fc.constantFrom(...NUMBERS, ...TEXTS, ...BROKEN),
  fc.uint8Array({ minLength: 1, maxLength: 12 }).map((array) => Buffer.from(array)),
);

const splice = (bytes: Buffer, from: number, to: number, insert: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(Math.max(from, to))]);

const flipped = fc.tuple(share, fc.nat(7)).map(
  ([part, bit]): Change =>
    (bytes) => {
      const changed = Buffer.from(bytes);
      const place = Math.min(at(bytes, part), bytes.length - 1);
      if (place >= 0) changed.writeUInt8(changed.readUInt8(place) ^ (1 << bit), place);
      return changed;
    },
);

const overwritten = fc.tuple(share, piece).map(
  ([part, insert]): Change =>
    (bytes) => {
      const from = at(bytes, part);
      return splice(bytes, from, from + insert.length, insert);
    },
);

const inserted = fc.tuple(share, piece).map(
  ([part, insert]): Change =>
    (bytes) => {
      const from = at(bytes, part);
      return splice(bytes, from, from, insert);
    },
);

const removed = fc.tuple(share, fc.integer({ min: 1, max: 40 })).map(
  ([part, length]): Change =>
    (bytes) => {
      const from = at(bytes, part);
      return splice(bytes, from, from + length, Buffer.alloc(0));
    },
);

const repeated = fc.tuple(share, fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 9 }));
const doubled = repeated.map(
  ([part, length, times]): Change =>
    (bytes) => {
      const from = at(bytes, part);
      const range = bytes.subarray(from, from + length);
      return splice(bytes, from, from, Buffer.concat(Array.from({ length: times }, () => range)));
    },
);

const cut = share.map(
  (part): Change =>
    (bytes) =>
      bytes.subarray(0, at(bytes, part)),
);

const moved = fc.tuple(share, share, fc.integer({ min: 1, max: 60 })).map(
  ([source, target, length]): Change =>
    (bytes) => {
      const from = at(bytes, source);
      const range = bytes.subarray(from, from + length);
      const rest = splice(bytes, from, from + length, Buffer.alloc(0));
      const to = at(rest, target);
      return splice(rest, to, to, range);
    },
);

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: flipped },
  { weight: 4, arbitrary: overwritten },
  { weight: 2, arbitrary: inserted },
  { weight: 2, arbitrary: removed },
  doubled,
  cut,
  moved,
);

/** One to six changes; most often one, which gets furthest. */
export const mutation: fc.Arbitrary<Change> = fc
  .oneof(
    { weight: 3, arbitrary: change.map((one) => [one]) },
    { weight: 1, arbitrary: fc.array(change, { minLength: 2, maxLength: 6 }) },
  )
  .map(
    (changes): Change =>
      (bytes) =>
        changes.reduce((changed, each) => each(changed), bytes),
  );

/** One of these, changed; what it was before is `of`. */
export const mutated = (originals: readonly Buffer[]) =>
  fc
    .tuple(fc.nat(originals.length - 1), mutation)
    .map(([of, mutate]) => ({ of, bytes: mutate(originals[of] as Buffer) }));
