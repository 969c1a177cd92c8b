/** What the model says of S3, asked of a real gateway in the same words. */
import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { modelSide, realSide, type Side } from './sides.ts';

const inSeconds = (seconds: number) => new Date((Math.floor(Date.now() / 1000) + seconds) * 1000);
const hash = (body: Buffer) => createHash('sha256').update(body).digest('base64');

describe.each([
  ['the model', modelSide],
  ['the gateway', realSide],
])('%s', (_, open) => {
  let side: Side;
  let Key: string;
  beforeAll(async () => {
    side = await open();
  }, 300_000);
  afterAll(() => side?.close());
  beforeEach(() => {
    Key = `${randomUUID()}/object`;
  });

  const until = inSeconds(30);
  async function put(text: string, extra: object = {}): Promise<string> {
    const Body = Buffer.from(text);
    const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until };
    const input = { Key, Body, ContentLength: Body.length, ChecksumSHA256: hash(Body), ...lock };
    const { VersionId } = await side.send('PutObjectCommand', { ...input, ...extra });
    return VersionId as string;
  }
  const head = (VersionId?: string) =>
    side.send('HeadObjectCommand', { Key, VersionId, ChecksumMode: 'ENABLED' });
  const list = (Prefix = Key) => side.send('ListObjectVersionsCommand', { Prefix });
  const retain = (VersionId: string, RetainUntilDate: Date) =>
    side.send('PutObjectRetentionCommand', {
      ...{ Key, VersionId, Retention: { Mode: 'COMPLIANCE', RetainUntilDate } },
    });
  const status = (asked: Promise<unknown>): Promise<number> =>
    asked.then(
      () => 200,
      ({ $metadata }: { $metadata: { httpStatusCode: number } }) => $metadata.httpStatusCode,
    );

  it('writes on condition only where no current version stands', async () => {
    await put('a', { IfNoneMatch: '*' });
    expect(await status(put('b', { IfNoneMatch: '*' }))).toBe(412);
    expect((await list()).Versions).toHaveLength(1);
  });

  // AWS writes, versitygw refuses: the model does the one or the other.
  it('may write on condition behind a delete marker, or refuse it as behind an object', async () => {
    await put('a', { IfNoneMatch: '*' });
    await side.hide(Key);
    const answer = await status(put('b', { IfNoneMatch: '*' }));
    expect(answer).toBeOneOf([200, 412]);
    expect((await list()).Versions).toHaveLength(answer === 200 ? 2 : 1);
  });

  it('writes once when two write on condition at the same time', async () => {
    const answers = await Promise.all([
      status(put('a', { IfNoneMatch: '*' })),
      status(put('b', { IfNoneMatch: '*' })),
    ]);
    expect(answers.filter((code) => code === 200)).toHaveLength(1);
    expect([409, 412]).toContain(answers.find((code) => code !== 200));
    expect((await list()).Versions).toHaveLength(1);
  });

  it('has written what it lost the answer to: the same again on condition meets it', async () => {
    side.loseAnswer();
    await expect(put('a', { IfNoneMatch: '*' })).rejects.toThrow();
    // The write may still be under way.
    await vi.waitUntil(async () => (await list()).Versions?.length === 1, { timeout: 30_000 });
    expect(await status(put('a', { IfNoneMatch: '*' }))).toBe(412);
  });

  it('without a condition writes a newer version, and keeps the older', async () => {
    const first = await put('a');
    const second = await put('bb');
    const { Versions = [] } = await list();
    const known = Versions.map(({ VersionId, IsLatest, Size }) => [VersionId, IsLatest, Size]);
    expect(new Map(known.map((entry) => [entry[0], entry]))).toEqual(
      new Map([
        [first, [first, false, 1]],
        [second, [second, true, 2]],
      ]),
    );
  });

  it('shows size, checksum and lock of the version asked for, and of the newest when none is', async () => {
    const version = await put('locked');
    const bare = { ObjectLockMode: undefined, ObjectLockRetainUntilDate: undefined };
    await put('newer', bare);
    const { ContentLength, ChecksumSHA256 } = await head(version);
    expect([ContentLength, ChecksumSHA256]).toEqual([6, hash(Buffer.from('locked'))]);
    const { Retention } = await side.send('GetObjectRetentionCommand', { Key, VersionId: version });
    expect(Retention).toMatchObject({ Mode: 'COMPLIANCE', RetainUntilDate: until });
    const newest = await head();
    expect([newest.ContentLength, newest.ObjectLockMode]).toEqual([5, undefined]);
  });

  it('shows every write that it has answered, in HEAD and in lists', async () => {
    for (let i = 0; i < 5; i += 1) {
      const version = await put(`write ${i}`);
      expect((await head(version)).ContentLength).toBe(7);
      expect((await list()).Versions?.some(({ VersionId }) => VersionId === version)).toBe(true);
    }
  });

  it('tells a version that never was, and a delete marker, from an object', async () => {
    const version = await put('a');
    expect(await status(head('00000000000000000000000000'))).toBeOneOf([400, 404]);
    await side.hide(Key);
    const { DeleteMarkers: [marker] = [] } = await list();
    expect(marker).toMatchObject({ Key, IsLatest: true });
    expect(await status(head(marker?.VersionId))).toBeOneOf([404, 405]);
    expect(await status(head())).toBe(404);
    expect(await status(head(version))).toBe(200);
  });

  it('refuses other bytes than were hashed, and writes nothing', async () => {
    expect(await status(put('a', { ChecksumSHA256: hash(Buffer.from('b')) }))).toBe(400);
    expect((await list()).Versions ?? []).toEqual([]);
  });

  it('makes a lock longer and never shorter', async () => {
    const version = await put('a');
    expect(await status(retain(version, inSeconds(5)))).toBe(403);
    const later = inSeconds(60);
    await retain(version, later);
    const { Retention } = await side.send('GetObjectRetentionCommand', { Key, VersionId: version });
    expect(Retention?.RetainUntilDate).toEqual(later);
  });

  it('lists the keys that begin alike, in order', async () => {
    const prefix = `${randomUUID()}/`;
    for (const name of ['b', 'a', 'a.c']) {
      Key = prefix + name;
      await put('x');
    }
    const { Versions = [], DeleteMarkers = [] } = await list(prefix);
    expect(Versions.map((version) => version.Key)).toEqual(
      ['a', 'a.c', 'b'].map((n) => prefix + n),
    );
    expect(DeleteMarkers).toEqual([]);
  });
});
