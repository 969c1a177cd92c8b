/** Tampered copies of an archive on a real S3 store, judged by the `authseal` command. */
import { writeFileSync } from 'node:fs';
import type { Region } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flipBit, rewriteEntries, swapText } from './forge.ts';
import { type CopiedObject, DEPLOYMENT, sealCopy, stranger } from './sealed-copy.ts';
import { Place, StoredCopy } from './stored-copy.ts';

let place: Place;
beforeAll(async () => {
  place = await Place.begin();
});
afterAll(() => place?.end());

type Found = { code: string; severity: string; region: string | null; batch: number | null };

/** Stores a copy, changed in the second region by `change`, and says what verify finds. */
async function verifyChanged(
  change: (objects: CopiedObject[]) => CopiedObject[],
  ...flags: string[]
): Promise<{ status: number; found: Found[] }> {
  const copy = new StoredCopy(place);
  const objects = await sealCopy();
  await copy.store(objects, 0);
  await copy.store(change(objects), 1);
  return found(await copy.verify(...flags));
}

const found = ({ status, report }: { status: number; report: { problems: Found[] } }) => ({
  status,
  found: report.problems.map(({ code, severity, region, batch }) => ({
    code,
    severity,
    region,
    batch,
  })),
});

const breach = (code: string, batch: number | null, region: string | null = SECOND) => ({
  status: 1,
  found: [{ code, severity: 'breach', region, batch }],
});

const incident = (code: string, batch: number | null, region: string | null = SECOND) => ({
  status: 1,
  found: [{ code, severity: 'incident', region, batch }],
});

const SECOND = 'eu-west-1';
const isBatch2 = ({ header }: CopiedObject) => header.batch === 2 && header.origin.endsWith('/0');

/** The bytes of batch 2 of log 0 changed. */
const withBatch2 = (change: (bytes: Buffer) => Buffer) => (objects: CopiedObject[]) =>
  objects.map((object) =>
    isBatch2(object) ? { ...object, bytes: change(Buffer.from(object.bytes)) } : object,
  );

describe('verify finds, in a copy of the archive,', () => {
  it('nothing when nothing was changed', async () => {
    const copy = new StoredCopy(place);
    await copy.store(await sealCopy());
    expect(found(await copy.verify())).toEqual({ status: 0, found: [] });
  });

  it('one byte changed in an event', async () => {
    const change = withBatch2((bytes) => flipBit(bytes, bytes.indexOf('user-') + 5));
    expect(await verifyChanged(change)).toEqual(breach('ENTRIES_MISMATCH', 2));
  });

  it('one byte changed in what is compressed', async () => {
    const copy = new StoredCopy(place);
    const objects = await sealCopy({ codec: 'zstandard' });
    await copy.store(objects, 0);
    await copy.store(withBatch2((bytes) => flipBit(bytes, bytes.length - 40))(objects), 1);
    expect(found(await copy.verify())).toEqual(breach('ENTRIES_MISMATCH', 2));
  });

  it('an object cut short', async () => {
    const change = withBatch2((bytes) => bytes.subarray(0, -10));
    expect(await verifyChanged(change)).toEqual(breach('CONTAINER_MALFORMED', 2));
  });

  it('an entry removed', async () => {
    const change = withBatch2((bytes) => rewriteEntries(bytes, (entries) => entries.slice(1)));
    expect(await verifyChanged(change)).toEqual(breach('ENTRIES_MISMATCH', 2));
  });

  it('two entries swapped', async () => {
    const change = withBatch2((bytes) =>
      rewriteEntries(bytes, ([a, b, ...rest]) => [b, a, ...rest]),
    );
    expect(await verifyChanged(change)).toEqual(breach('ENTRY_MALFORMED', 2));
  });

  it('a batch missing in one region', async () => {
    const change = (objects: CopiedObject[]) => objects.filter((object) => !isBatch2(object));
    expect(await verifyChanged(change)).toEqual(breach('BATCH_MISSING', 2));
  });

  it('a batch missing in every region', async () => {
    const copy = new StoredCopy(place);
    await copy.store((await sealCopy()).filter((object) => !isBatch2(object)));
    expect(found(await copy.verify())).toEqual(breach('BATCH_MISSING', 2, null));
  });

  it('a whole log missing in one region', async () => {
    const change = (objects: CopiedObject[]) =>
      objects.filter(({ header }) => header.origin.endsWith('/0'));
    expect(await verifyChanged(change)).toEqual(breach('LOG_MISSING', null));
  });

  it('a whole log missing in every region', async () => {
    const copy = new StoredCopy(place);
    await copy.store((await sealCopy()).filter(({ header }) => header.origin.endsWith('/0')));
    expect(found(await copy.verify())).toEqual(breach('LOG_MISSING', null, null));
  });

  it('the newest batches missing in one region', async () => {
    const change = (objects: CopiedObject[]) =>
      objects.filter(({ header }) => header.origin.endsWith('/1') || header.batch < 2);
    expect(await verifyChanged(change)).toEqual(breach('REGION_BEHIND', 2));
  });

  it('the newest batches missing everywhere, once the next heartbeat is overdue', async () => {
    const copy = new StoredCopy(place);
    const objects = await sealCopy();
    await copy.store(
      objects.filter(({ header }) => header.origin.endsWith('/1') || header.batch < 2),
    );
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const { status, found: problems } = found(await copy.verify('--at', later, '--region', SECOND));
    expect(status).toBe(1);
    expect(problems).toContainEqual({ code: 'STALE', severity: 'breach', region: null, batch: 1 });
  });

  it('the schema text swapped', async () => {
    const change = withBatch2((bytes) => swapText(bytes, '"name":"reason"', '"name":"tenant"'));
    expect(await verifyChanged(change)).toEqual(breach('SCHEMA_MISMATCH', 2));
  });

  it('a signature by another key', async () => {
    const copy = new StoredCopy(place);
    await copy.store(await sealCopy({ signerOfBatch2: stranger }));
    const { status, found: problems } = found(await copy.verify());
    expect(status).toBe(1);
    expect(problems.map(({ code, batch }) => [code, batch])).toEqual([
      ['SIGNATURE_MISSING', 2],
      ['SIGNATURE_MISSING', 2],
    ]);
  });

  it('a lock shorter than promised', async () => {
    const change = (objects: CopiedObject[]) =>
      objects.map((object) =>
        isBatch2(object) ? { ...object, lockUntil: object.header.retainUntil - 3_600_000 } : object,
      );
    expect(await verifyChanged(change)).toEqual(breach('LOCK_SHORT', 2));
  });

  it('a version that is not under COMPLIANCE', async () => {
    const copy = new StoredCopy(place);
    const objects = await sealCopy();
    await copy.store(objects.filter((object) => !isBatch2(object)));
    await copy.store(objects.filter(isBatch2), 0);
    await copy.write(1, objects.filter(isBatch2)[0] as CopiedObject);
    expect(found(await copy.verify())).toEqual(breach('LOCK_MISSING', 2));
  });

  it("an event deleted from a producer's chain", async () => {
    const copy = new StoredCopy(place);
    await copy.store(await sealCopy({ alter: (records) => records.toSpliced(2, 1) }));
    expect(found(await copy.verify())).toEqual(incident('SEQUENCE_GAP', 1, null));
  });

  it('an object hidden by a delete marker', async () => {
    const copy = new StoredCopy(place);
    const objects = await sealCopy();
    await copy.store(objects);
    await copy.remove(1, objects.find(isBatch2) as CopiedObject);
    expect(found(await copy.verify())).toEqual(incident('DELETE_MARKER', 2));
  });

  it('an object overwritten by a newer version', async () => {
    const copy = new StoredCopy(place);
    const objects = await sealCopy();
    await copy.store(objects);
    await copy.write(1, {
      ...(objects.find(isBatch2) as CopiedObject),
      bytes: Buffer.from('mine'),
    });
    expect(found(await copy.verify())).toEqual(incident('OVERWRITTEN', 2));
  });

  it('an object put there without a lock before the archiver came', async () => {
    const copy = new StoredCopy(place);
    const objects = await sealCopy();
    await copy.write(1, objects.find(isBatch2) as CopiedObject);
    await copy.store(objects);
    expect(found(await copy.verify())).toEqual(incident('PRE_CREATED', 2));
  });

  it('an object that is no batch beside the batches', async () => {
    const copy = new StoredCopy(place);
    const objects = await sealCopy();
    await copy.store(objects);
    const name = 'topic=auth-events/partition=00000/note.txt';
    await copy.write(1, { ...(objects[0] as CopiedObject), name });
    expect(found(await copy.verify())).toEqual(incident('UNKNOWN_OBJECT', null));
  });

  it('an incident that was accepted as no reason to fail', async () => {
    const copy = new StoredCopy(place);
    const objects = await sealCopy();
    await copy.store(objects);
    await copy.remove(1, objects.find(isBatch2) as CopiedObject);
    const accept = `${place.directory}/accept`;
    writeFileSync(accept, `DELETE_MARKER ${DEPLOYMENT}/auth-events/0 2 drill of 24 November\n`);
    const { status, report } = await copy.verify('--accept', accept);
    expect(status).toBe(0);
    expect(report).toMatchObject({
      ok: true,
      problems: [],
      accepted: [{ code: 'DELETE_MARKER', batch: 2, reason: 'drill of 24 November' }],
      files: { accept: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });
});

describe('verify', () => {
  it('cannot finish, and says which region failed, when one does not answer', async () => {
    const copy = new StoredCopy(place);
    (copy.regions[1] as Region).endpoint = 'http://127.0.0.1:1';
    const { status, out, err } = await copy.authseal('verify');
    expect({ status, out }).toEqual({ status: 3, out: '' });
    expect(err).toContain('region eu-west-1');
  });
});
