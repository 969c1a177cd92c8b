/** Tampered copies of an archive on a real S3 store, judged by the `authseal` command. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { type Region, type Servers, startServers, toEnvironment } from '@authseal/deploy/local';
import { sha256 } from '@authseal/ledger';
import { Bucket } from '@authseal/runtime';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flipBit, rewriteEntries, swapText } from './forge.ts';
import { type CopiedObject, DEPLOYMENT, sealCopy, stranger, vkey } from './sealed-copy.ts';

const AUTHSEAL = new URL('../../verifier/src/cli/main.ts', import.meta.url).pathname;

let servers: Servers;
let directory: string;
let keyFile: string;

beforeAll(async () => {
  servers = await startServers();
  directory = mkdtempSync(`${tmpdir()}/authseal-tamper-`);
  keyFile = `${directory}/keys`;
  writeFileSync(keyFile, `${vkey}\n`);
});

afterAll(async () => {
  await servers?.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** A copy of the archive in both regions, below a prefix of its own. */
class StoredCopy {
  readonly regions: Region[];
  lastStatus: number | null = null;

  constructor() {
    const prefix = `${randomUUID()}/`;
    this.regions = servers.regions.map((region) => ({ ...region, prefix }));
  }

  async store(objects: readonly CopiedObject[], which?: number): Promise<void> {
    const regions = which === undefined ? this.regions : [this.regions[which] as Region];
    for (const region of regions) {
      const bucket = new Bucket(region);
      for (const { name, bytes, header, lockUntil = header.retainUntil } of objects) {
        await bucket.putLocked({
          key: region.prefix + name,
          body: bytes,
          sha256: sha256(bytes),
          retainUntil: new Date(lockUntil),
          ifNoneMatch: false,
        });
      }
      bucket.close();
    }
  }

  async verify(...flags: string[]) {
    const { kafkaBrokers } = servers;
    const child = spawn(process.execPath, [AUTHSEAL, 'verify', '--json', ...flags], {
      env: {
        PATH: process.env.PATH,
        ...toEnvironment({ kafkaBrokers, regions: this.regions }),
        AUTHSEAL_KEYS: keyFile,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    this.lastStatus = status;
    if (out === '') throw new Error(err);
    return { status, report: JSON.parse(out) };
  }

  /** What somebody with write access can do: an object without a lock. */
  async write(which: number, { name, bytes }: CopiedObject): Promise<void> {
    await this.#as(
      which,
      (bucket, prefix) => new PutObjectCommand({ Bucket: bucket, Key: prefix + name, Body: bytes }),
    );
  }

  /** An ordinary delete. */
  async remove(which: number, { name }: CopiedObject): Promise<void> {
    await this.#as(
      which,
      (bucket, prefix) => new DeleteObjectCommand({ Bucket: bucket, Key: prefix + name }),
    );
  }

  async #as(
    which: number,
    command: (bucket: string, prefix: string) => PutObjectCommand | DeleteObjectCommand,
  ): Promise<void> {
    const region = this.regions[which] as Region;
    const { name, endpoint, accessKeyId, secretAccessKey, bucket, prefix } = region;
    const credentials = { accessKeyId, secretAccessKey };
    const s3 = new S3Client({ region: name, endpoint, credentials, forcePathStyle: true });
    await s3.send(command(bucket, prefix) as PutObjectCommand);
    s3.destroy();
  }
}

type Found = { code: string; severity: string; region: string | null; batch: number | null };

/** Stores a copy, changed in the second region by `change`, and says what verify finds. */
async function verifyChanged(
  change: (objects: CopiedObject[]) => CopiedObject[],
  ...flags: string[]
): Promise<{ status: number; found: Found[] }> {
  const copy = new StoredCopy();
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
    const copy = new StoredCopy();
    await copy.store(await sealCopy());
    expect(found(await copy.verify())).toEqual({ status: 0, found: [] });
  });

  it('one byte changed in an event', async () => {
    const change = withBatch2((bytes) => flipBit(bytes, bytes.indexOf('user-') + 5));
    expect(await verifyChanged(change)).toEqual(breach('ENTRIES_MISMATCH', 2));
  });

  it('one byte changed in what is compressed', async () => {
    const copy = new StoredCopy();
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
    const copy = new StoredCopy();
    await copy.store((await sealCopy()).filter((object) => !isBatch2(object)));
    expect(found(await copy.verify())).toEqual(breach('BATCH_MISSING', 2, null));
  });

  it('a whole log missing in one region', async () => {
    const change = (objects: CopiedObject[]) =>
      objects.filter(({ header }) => header.origin.endsWith('/0'));
    expect(await verifyChanged(change)).toEqual(breach('LOG_MISSING', null));
  });

  it('a whole log missing in every region', async () => {
    const copy = new StoredCopy();
    await copy.store((await sealCopy()).filter(({ header }) => header.origin.endsWith('/0')));
    expect(found(await copy.verify())).toEqual(breach('LOG_MISSING', null, null));
  });

  it('the newest batches missing in one region', async () => {
    const change = (objects: CopiedObject[]) =>
      objects.filter(({ header }) => header.origin.endsWith('/1') || header.batch < 2);
    expect(await verifyChanged(change)).toEqual(breach('REGION_BEHIND', 2));
  });

  it('the newest batches missing everywhere, once the next heartbeat is overdue', async () => {
    const copy = new StoredCopy();
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
    const copy = new StoredCopy();
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
    const copy = new StoredCopy();
    const objects = await sealCopy();
    await copy.store(objects.filter((object) => !isBatch2(object)));
    await copy.store(objects.filter(isBatch2), 0);
    await copy.write(1, objects.filter(isBatch2)[0] as CopiedObject);
    expect(found(await copy.verify())).toEqual(breach('LOCK_MISSING', 2));
  });

  it("an event deleted from a producer's chain", async () => {
    const copy = new StoredCopy();
    await copy.store(await sealCopy({ alter: (records) => records.toSpliced(2, 1) }));
    expect(found(await copy.verify())).toEqual(incident('SEQUENCE_GAP', 1, null));
  });

  it('an object hidden by a delete marker', async () => {
    const copy = new StoredCopy();
    const objects = await sealCopy();
    await copy.store(objects);
    await copy.remove(1, objects.find(isBatch2) as CopiedObject);
    expect(found(await copy.verify())).toEqual(incident('DELETE_MARKER', 2));
  });

  it('an object overwritten by a newer version', async () => {
    const copy = new StoredCopy();
    const objects = await sealCopy();
    await copy.store(objects);
    await copy.write(1, {
      ...(objects.find(isBatch2) as CopiedObject),
      bytes: Buffer.from('mine'),
    });
    expect(found(await copy.verify())).toEqual(incident('OVERWRITTEN', 2));
  });

  it('an object put there without a lock before the archiver came', async () => {
    const copy = new StoredCopy();
    const objects = await sealCopy();
    await copy.write(1, objects.find(isBatch2) as CopiedObject);
    await copy.store(objects);
    expect(found(await copy.verify())).toEqual(incident('PRE_CREATED', 2));
  });

  it('an object that is no batch beside the batches', async () => {
    const copy = new StoredCopy();
    const objects = await sealCopy();
    await copy.store(objects);
    const name = 'topic=auth-events/partition=00000/note.txt';
    await copy.write(1, { ...(objects[0] as CopiedObject), name });
    expect(found(await copy.verify())).toEqual(incident('UNKNOWN_OBJECT', null));
  });

  it('an incident that was accepted as no reason to fail', async () => {
    const copy = new StoredCopy();
    const objects = await sealCopy();
    await copy.store(objects);
    await copy.remove(1, objects.find(isBatch2) as CopiedObject);
    const accept = `${directory}/accept`;
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
    const copy = new StoredCopy();
    (copy.regions[1] as Region).endpoint = 'http://127.0.0.1:1';
    await expect(copy.verify()).rejects.toThrow(/region eu-west-1/);
    expect(copy.lastStatus).toBe(3);
  });
});
