import { sha256 } from '@authseal/ledger';
import { describe, expect, it } from 'vitest';
import { readOurBatch } from './our-batch.ts';
import { keys, keysOf, newSigner, ORIGIN, seal } from './testing/sealed-log.ts';

const [, sealed] = await seal(2);
const object = sealed?.object as Buffer;

describe('a record of the batches topic', () => {
  it('is ours when it is a whole batch of this log, signed by a key of the deployment', () => {
    const batch = readOurBatch(object, ORIGIN, keys);
    expect(batch).toMatchObject({ signers: [0], sha256: sha256(object) });
    expect(batch.object).toBe(object);
    expect(batch.header.batch).toBe(1);
  });

  it('is not ours when any byte of it was changed', () => {
    for (let i = 0; i < object.length; i += 1) {
      const changed = Buffer.from(object);
      changed.writeUInt8(changed.readUInt8(i) ^ 1, i);
      expect(() => readOurBatch(changed, ORIGIN, keys), `byte ${i}`).toThrow(/no authentic batch/);
    }
  });

  it.each([
    ['of another log', object, 'test/auth-events/1', keys],
    ['signed by another key', object, ORIGIN, keysOf(newSigner())],
    ['empty', Buffer.alloc(0), ORIGIN, keys],
    ['something else', Buffer.from('hello'), ORIGIN, keys],
  ])('is not ours when it is %s; the alarm names its hash', (_, bytes, origin, trusted) => {
    const hash = sha256(bytes).toString('hex');
    expect(() => readOurBatch(bytes, origin, trusted)).toThrow(
      expect.objectContaining({ code: 'NOT_OURS', message: expect.stringContaining(hash) }),
    );
  });
});
