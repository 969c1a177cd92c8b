import type { SealedBatch } from '@authseal/ledger';
import { describe, expect, it } from 'vitest';
import { decodePlace, encodePlace, type Place, placeBefore, stepTo } from './continuity.ts';
import { readOurBatch } from './our-batch.ts';
import { keys, keysOf, newSigner, ORIGIN, seal, signer } from './testing/sealed-log.ts';

const log = await seal(4);
const at = (i: number) => log[i] as SealedBatch;
const ours = ({ object }: SealedBatch, trusted = keys) => readOurBatch(object, ORIGIN, trusted);
const START: Place = { batch: -1, header: null, key: null };

/** The place after these batches. */
function after(batches: readonly SealedBatch[], trusted = keys): Place {
  return batches.reduce((place, batch) => {
    const step = stepTo(ours(batch, trusted), place, trusted);
    if (step.kind !== 'next') throw new Error(step.kind);
    return step.place;
  }, START);
}

describe('the place in a log', () => {
  it('moves with each batch that continues the one before', () => {
    expect(after(log)).toEqual({
      batch: 3,
      header: ours(at(3)).hash,
      key: expect.stringContaining('test+'),
    });
  });

  it('comes back from the metadata of an offset as it went', () => {
    const place = after(log);
    expect(decodePlace(encodePlace(place))).toEqual(place);
    expect(decodePlace(encodePlace(START))).toEqual(START);
    expect(encodePlace(place).length).toBeLessThan(4096);
  });

  it.each(['', 'hello', '{}', 'null', '{"batch":-1,"header":"x","key":null}', '{"batch":2.5}'])(
    'is none when the metadata is %j',
    (metadata) => expect(decodePlace(metadata)).toBeNull(),
  );

  it('stays at a repeat of the last batch', () => {
    expect(stepTo(ours(at(3)), after(log), keys)).toEqual({ kind: 'repeat' });
  });

  it('cannot tell of an earlier batch, nor of another with the same number', async () => {
    const [, , other] = await seal(3, { text: 'other' });
    expect(stepTo(ours(at(1)), after(log), keys)).toEqual({ kind: 'earlier' });
    expect(stepTo(ours(other as SealedBatch), after(log.slice(0, 3)), keys)).toEqual({
      kind: 'earlier',
    });
  });

  it('stops at a gap', () => {
    const place = after(log.slice(0, 1));
    expect(() => stepTo(ours(at(3)), place, keys)).toThrow(
      expect.objectContaining({ code: 'GAP', message: expect.stringContaining('2 batches') }),
    );
  });

  it('stops at a batch that continues another history', async () => {
    const other = await seal(3, { text: 'other' });
    expect(() => stepTo(ours(other[2] as SealedBatch), after(log.slice(0, 2)), keys)).toThrow(
      expect.objectContaining({ code: 'FORK' }),
    );
  });
});

describe('the key of a log', async () => {
  const next = newSigner();
  const both = keysOf(signer, next);
  const [first] = (await seal(1)) as [SealedBatch];
  const seal1 = async (signers: Parameters<typeof seal>[1]) =>
    ((await seal(1, { head: first.head, ...signers })) as [SealedBatch])[0];

  it('changes at a rotation that both keys signed', async () => {
    const rotation = await seal1({ keys: { signer, next } });
    const step = stepTo(ours(rotation, both), after([first], both), both);
    expect(step).toMatchObject({ kind: 'next', replaced: false });
  });

  it('changes with an alarm when the old key did not sign', async () => {
    const rotation = await seal1({ keys: { signer: next, next } });
    const step = stepTo(ours(rotation, both), after([first], both), both);
    expect(step).toMatchObject({ kind: 'next', replaced: true });
  });

  it('does not change without a rotation', async () => {
    const stolen = await seal1({ keys: { signer: next } });
    expect(() => stepTo(ours(stolen, both), after([first], both), both)).toThrow(
      expect.objectContaining({ code: 'KEY_REFUSED' }),
    );
  });

  it('does not change to one that is not in the key file, so that nothing is passed over later', async () => {
    const rotation = await seal1({ keys: { signer, next } });
    expect(() => stepTo(ours(rotation), after([first]), keys)).toThrow(
      expect.objectContaining({
        code: 'KEY_REFUSED',
        message: expect.stringContaining('AUTHSEAL_KEYS'),
      }),
    );
  });

  it('is known by itself and not by its line, when older lines are taken out', async () => {
    const rotation = await seal1({ keys: { signer, next } });
    const place = after([first, rotation], both);
    const [third] = (await seal(1, { head: rotation.head, keys: { signer: next } })) as [
      SealedBatch,
    ];
    const left = keysOf(next);
    expect(stepTo(ours(third, left), place, left)).toMatchObject({ kind: 'next' });
  });
});

describe('the place before a batch', () => {
  it('is what the batch says of the one before it', () => {
    expect(placeBefore(at(0).header)).toEqual(START);
    const header = ours(at(2)).hash;
    expect(placeBefore(at(3).header)).toEqual({ batch: 2, header, key: null });
  });
});
