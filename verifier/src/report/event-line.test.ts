import { readBatch } from '@authseal/ledger';
import { encodeEvent } from '@authseal/schemas';
import { describe, expect, it } from 'vitest';
import { event, SealedLog } from '../testing/sealed-log.ts';
import { eventLine, microsText } from './event-line.ts';

describe('an exported event', () => {
  it('has its own fields, times as RFC 3339, bytes as base64, and where it is sealed', async () => {
    const log = new SealedLog();
    const ciphertext = Buffer.from('secret');
    const sent = {
      ...event(7),
      protected: [
        { field: 'actor.name', subject: 's', keyId: 'k', nonce: Buffer.of(1, 2), ciphertext },
      ],
    };
    await log.seal();
    const { object } = await log.seal([
      { key: Buffer.from('me'), value: encodeEvent(sent), headers: [] },
    ]);
    const batch = readBatch(object);
    const { event: read } = batch.schema.read(batch.bytesOf(0));
    const line = eventLine(read as NonNullable<typeof read>, { batch, entry: batch.entryAt(0) });
    expect(line).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(line)).toMatchObject({
      id: sent.id,
      time: '2026-01-10T12:00:00.000007Z',
      kind: 'LOGIN_FAILED',
      tenant: null,
      protected: [{ nonce: 'AQI=', ciphertext: 'c2VjcmV0' }],
      termination: null,
      authseal: {
        origin: 'test/auth-events/0',
        batch: 1,
        index: 1,
        offset: 0,
        producer: 'me',
        sealedAt: '2026-01-10T12:01:00.000Z',
      },
    });
  });

  it('keeps microseconds, before 1970 too, and shows what no calendar holds as a number', () => {
    expect(microsText(1_500_000)).toBe('1970-01-01T00:00:01.500000Z');
    expect(microsText(-1)).toBe('1969-12-31T23:59:59.999999Z');
    expect(microsText(Number.MAX_SAFE_INTEGER)).toMatch(/^2255-/);
  });
});
