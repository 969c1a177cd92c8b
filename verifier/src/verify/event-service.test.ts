import { EntryCursor, readBatch } from '@authseal/ledger';
import { encodeEvent } from '@authseal/schemas';
import { describe, expect, it } from 'vitest';
import { event, SealedLog } from '../testing/sealed-log.ts';
import { serviceOfEvent } from './event-service.ts';

describe('the service that an event names', () => {
  it('is the one that reading the whole event gives', async () => {
    const services = ['shop', 's', 'a-very.long-name'.repeat(20), 'bücher'];
    const values = services.map((service, i) =>
      encodeEvent({ ...event(i, service), time: (i % 2 === 0 ? 1 : -1) * 10 ** (4 * i) }),
    );
    const log = new SealedLog();
    const records = [...values, Buffer.from('none'), null].map((value) => ({
      key: null,
      value,
      headers: [],
    }));
    const batch = readBatch((await log.seal(records)).object);
    const cursor = new EntryCursor();
    const found = records.map((_, i) => {
      batch.moveTo(i, cursor);
      return serviceOfEvent(batch, cursor);
    });
    expect(found).toEqual([...services, null, null]);
    const read = records.map((_, i) => batch.schema.read(batch.bytesOf(i)).event?.service ?? null);
    expect(found).toEqual(read);
  });
});
