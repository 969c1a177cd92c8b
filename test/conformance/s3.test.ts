/** What Authseal relies on in S3, asked of a real store through the runtime's own operations. */
import { createHash, randomUUID } from 'node:crypto';
import { type Servers, startServers } from '@authseal/deploy/local';
import { Bucket, type LockedObject } from '@authseal/runtime';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let servers: Servers;
let bucket: Bucket;
/** What an attacker has who holds the region's keys. */
let raw: S3Client;
const run = randomUUID();

beforeAll(async () => {
  servers = await startServers({ regions: ['eu-central-1'] });
  const region = servers.regions[0];
  if (region === undefined) throw new Error('no region was served');
  bucket = new Bucket(region);
  const { name, endpoint, accessKeyId, secretAccessKey } = region;
  const credentials = { accessKeyId, secretAccessKey };
  raw = new S3Client({ region: name, endpoint, credentials, forcePathStyle: true });
}, 300_000);

afterAll(async () => {
  bucket?.close();
  raw?.destroy();
  await servers?.stop();
});

/** Whole seconds, as S3 keeps them. */
const inSeconds = (seconds: number) => new Date((Math.floor(Date.now() / 1000) + seconds) * 1000);

function object(name: string, text = 'hello'): LockedObject {
  const body = Buffer.from(text);
  return {
    key: `${bucket.region.prefix}${run}/${name}`,
    body,
    sha256: createHash('sha256').update(body).digest(),
    retainUntil: inSeconds(30),
    ifNoneMatch: true,
  };
}

async function put(wanted: LockedObject): Promise<string> {
  const result = await bucket.putLocked(wanted);
  if (result.outcome !== 'written') throw new Error(`${wanted.key}: ${result.outcome}`);
  return result.versionId;
}

async function list(prefix: string, pageSize?: number) {
  const listed = [];
  for await (const version of bucket.listVersions(prefix, pageSize)) listed.push(version);
  return listed;
}

describe('a bucket', () => {
  it('of the stack is versioned and has Object Lock, a plain one is seen as such', async () => {
    expect(await bucket.bucketState()).toEqual({ versioning: 'Enabled', objectLock: true });
    const plain = new Bucket({ ...bucket.region, bucket: `plain-${run}` });
    await raw.send(new CreateBucketCommand({ Bucket: plain.region.bucket }));
    expect(await plain.bucketState()).toEqual({ versioning: 'Off', objectLock: false });
    await expect(plain.putLocked(object('x'))).rejects.toMatchObject({ name: 'RuntimeError' });
    plain.close();
  });

  it('that does not exist, wrong keys and a dead endpoint are told apart', async () => {
    const none = new Bucket({ ...bucket.region, bucket: 'no-such-bucket' });
    await expect(none.bucketState()).rejects.toThrow(/no-such-bucket: .*NoSuchBucket/);
    const keys = new Bucket({ ...bucket.region, secretAccessKey: 'wrong' });
    await expect(keys.bucketState()).rejects.toMatchObject({ code: 'S3_ACCESS_DENIED' });
    const dead = new Bucket({ ...bucket.region, endpoint: 'http://127.0.0.1:1' });
    await expect(dead.bucketState()).rejects.toMatchObject({
      code: 'S3_FAILED',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

describe('a locked object', () => {
  it('is kept with its bytes, checksum and lock', async () => {
    const wanted = object('kept');
    const version = await put(wanted);
    const { sha256, body, retainUntil } = wanted;
    expect(await bucket.headVersion(wanted.key, version)).toEqual({
      checksumSha256: sha256,
      size: body.length,
      mode: 'COMPLIANCE',
      retainUntil,
    });
    expect((await bucket.getVersion(wanted.key, version, body.length))?.bytes).toEqual(body);
    await expect(bucket.getVersion(wanted.key, version, body.length - 1)).rejects.toMatchObject({
      code: 'OBJECT_TOO_LARGE',
    });
  });

  it('is not written over a current version, but beside it when asked', async () => {
    const wanted = object('beside');
    const first = await put(wanted);
    expect(await bucket.putLocked(wanted)).toEqual({ outcome: 'exists' });
    const second = await put({ ...wanted, ifNoneMatch: false });
    const listed = await list(wanted.key);
    expect(listed.map((v) => [v.versionId, v.isLatest]).sort()).toEqual(
      [
        [first, false],
        [second, true],
      ].sort(),
    );
  });

  it('is refused when other bytes arrive than were hashed', async () => {
    const wanted = { ...object('corrupt'), sha256: Buffer.alloc(32) };
    await expect(bucket.putLocked(wanted)).rejects.toThrow(/BadDigest \(400\)/);
    expect(await list(wanted.key)).toEqual([]);
  });

  it('cannot be deleted, shortened or downgraded, only kept for longer', async () => {
    const wanted = object('worm');
    const version = await put(wanted);
    const denied = { code: 'S3_ACCESS_DENIED' };
    await expect(bucket.deleteVersion(wanted.key, version)).rejects.toMatchObject(denied);
    const lock = (mode: 'COMPLIANCE' | 'GOVERNANCE', seconds: number) =>
      bucket.putRetention(wanted.key, version, mode, inSeconds(seconds));
    await expect(lock('COMPLIANCE', 5)).rejects.toMatchObject(denied);
    await expect(lock('GOVERNANCE', 60)).rejects.toMatchObject(denied);
    await lock('COMPLIANCE', 60);
    const head = await bucket.headVersion(wanted.key, version);
    expect(head?.retainUntil?.getTime()).toBeGreaterThan(wanted.retainUntil.getTime());
  });

  it('shows its lock and bytes by version behind a newer one and behind a delete marker', async () => {
    const wanted = object('hidden');
    const version = await put(wanted);
    await put({ ...object('hidden', 'forged'), ifNoneMatch: false });
    await bucket.deleteVersion(wanted.key);
    expect(await bucket.headVersion(wanted.key, version)).toMatchObject({
      checksumSha256: wanted.sha256,
      mode: 'COMPLIANCE',
      retainUntil: wanted.retainUntil,
    });
    expect((await bucket.getVersion(wanted.key, version, 100))?.bytes).toEqual(wanted.body);
    const marker = (await list(wanted.key)).find((entry) => entry.deleteMarker);
    expect(marker).toMatchObject({ isLatest: true, size: 0 });
    expect(await bucket.headVersion(wanted.key, marker?.versionId ?? '')).toBeNull();
    expect(await bucket.getVersion(wanted.key, marker?.versionId ?? '', 100)).toBeNull();
  });

  it('is told from one that an attacker wrote without a lock', async () => {
    const { key, body } = object('unlocked');
    const put = new PutObjectCommand({ Bucket: bucket.region.bucket, Key: key, Body: body });
    const { VersionId = '' } = await raw.send(put);
    const none = { mode: null, retainUntil: null };
    expect(await bucket.headVersion(key, VersionId)).toMatchObject({ ...none, size: body.length });
    expect(await bucket.putLocked(object('unlocked'))).toEqual({ outcome: 'exists' });
  });

  it('that is not there is null', async () => {
    const version = await put(object('there'));
    expect(await bucket.headVersion(object('elsewhere').key, version)).toBeNull();
    expect(await bucket.getVersion(object('elsewhere').key, version, 100)).toBeNull();
  });
});

describe('the list of versions', () => {
  it('holds each version and delete marker once, by key, whatever the size of its pages', async () => {
    const names = ['a', 'a.b', 'b/c', 'é', '😀', 'topic=x/partition=00000/+ %41&<'];
    for (const name of names) {
      await put(object(`list/${name}`));
      await put({ ...object(`list/${name}`), ifNoneMatch: false });
    }
    await bucket.deleteVersion(object('list/a').key);
    const prefix = object('list/').key;
    const whole = await list(prefix);
    expect(whole).toHaveLength(2 * names.length + 1);
    const keys = whole.map(({ key }) => Buffer.from(key));
    expect(keys).toEqual([...keys].sort(Buffer.compare));
    const ids = (versions: typeof whole) => versions.map(({ versionId }) => versionId).sort();
    for (const pageSize of [2, 3, 4, 5, 13]) {
      expect(ids(await list(prefix, pageSize))).toEqual(ids(whole));
    }
  });
});
