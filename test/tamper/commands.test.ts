/** The other commands of `authseal` on a real S3 store and a real Kafka. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Region } from '@authseal/deploy/local';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CopiedObject, DEPLOYMENT, sealCopy } from './sealed-copy.ts';
import { Place, StoredCopy } from './stored-copy.ts';

let place: Place;
let copy: StoredCopy;
let objects: CopiedObject[];
beforeAll(async () => {
  place = await Place.begin();
  copy = new StoredCopy(place);
  objects = await sealCopy({ codec: 'zstandard' });
  await copy.store(objects);
});
afterAll(() => place?.end());

const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

const timeOf = (batch: number) =>
  new Date(
    objects.find(({ header }) => header.batch === batch)?.header.sealedAt ?? 0,
  ).toISOString();

describe('authseal list', () => {
  it('shows each log of each region with its locks', async () => {
    const { status, out } = await copy.authseal('list');
    expect(status).toBe(0);
    for (const log of [0, 1].map((partition) => `${DEPLOYMENT}/auth-events/${partition}`)) {
      expect(out).toMatch(new RegExp(`${log}.*eu-central-1 │ 4 `));
      expect(out).toMatch(new RegExp(`${log}.*eu-west-1 .*│ 4 `));
    }
  });

  it('gives each batch as JSON, of a range of time and one region', async () => {
    const range = ['--from', timeOf(1), '--to', timeOf(3), '--region', 'eu-west-1'];
    const lines = jsonLines((await copy.authseal('list', '--json', ...range)).out);
    const batches = lines.map(({ partition, batch, region }) => [partition, batch, region]);
    const of = (partition: number) => [1, 2].map((batch) => [partition, batch, 'eu-west-1']);
    // The logs are sealed side by side, some milliseconds apart.
    expect(batches).toEqual(expect.arrayContaining([of(0)[1], of(1)[1]]));
    const origin = `${DEPLOYMENT}/auth-events/0`;
    expect(lines[0]).toMatchObject({ origin, deleteMarker: false, lock: { mode: 'COMPLIANCE' } });
  });
});

describe('authseal pull', () => {
  it('copies objects byte for byte, with their SHA-256 and the checkpoints', async () => {
    const directory = `${place.directory}/pulled`;
    const { status, out } = await copy.authseal('pull', directory);
    expect({ status, out }).toEqual({
      status: 0,
      out: `${objects.length} objects in ${directory}, listed in manifest.json\n`,
    });
    const manifest = JSON.parse(readFileSync(`${directory}/manifest.json`, 'utf8'));
    expect(manifest).toMatchObject({ ok: true, deployment: DEPLOYMENT, problems: [] });
    expect(manifest.checkpoints.map(({ note }: { note: string }) => note.split('\n')[0])).toEqual([
      `${DEPLOYMENT}/auth-events/0`,
      `${DEPLOYMENT}/auth-events/1`,
    ]);
    for (const { name, bytes } of objects) {
      const file = readFileSync(`${directory}/${name}`);
      expect(file.equals(bytes)).toBe(true);
      const sha256 = createHash('sha256').update(file).digest('hex');
      expect(manifest.objects).toContainEqual(expect.objectContaining({ path: name, sha256 }));
    }
  });

  it('overwrites nothing', async () => {
    const directory = `${place.directory}/pulled-twice`;
    await copy.authseal('pull', directory, '--from', timeOf(3));
    const before = readdirSync(directory);
    const { status, err } = await copy.authseal('pull', directory);
    expect(status).toBe(2);
    expect(err).toContain('nothing is overwritten');
    expect(readdirSync(directory)).toEqual(before);
  });

  it('of a range without a batch says so, and nothing of the archive', async () => {
    const { status, err } = await copy.authseal(
      'pull',
      `${place.directory}/none`,
      '--to',
      '2026-01-01',
    );
    expect({ status, err }).toEqual({ status: 3, err: 'No batch was sealed in this range.\n' });
  });

  it('leaves out what is not authentic, and says so', async () => {
    const damaged = new StoredCopy(place);
    const [first, ...rest] = objects as [CopiedObject, ...CopiedObject[]];
    await damaged.store(rest);
    await damaged.store([{ ...first, bytes: Buffer.from('damaged') }]);
    const directory = `${place.directory}/damaged`;
    const { status, err } = await damaged.authseal('pull', directory);
    expect(status).toBe(1);
    expect(err).toContain('BREACH CONTAINER_MALFORMED');
    expect(existsSync(`${directory}/${first.name}`)).toBe(false);
    expect(JSON.parse(readFileSync(`${directory}/manifest.json`, 'utf8')).ok).toBe(false);
  });
});

describe('authseal export', () => {
  it('prints each event as a line of JSON', async () => {
    const { status, out, err } = await copy.authseal('export');
    expect(status).toBe(0);
    expect(err).toContain('16 events exported');
    const events = jsonLines(out);
    expect(events).toHaveLength(16);
    expect(events[0]).toMatchObject({
      kind: 'LOGIN_FAILED',
      service: 'shop',
      actor: { id: 'user-0' },
      authseal: { origin: `${DEPLOYMENT}/auth-events/0`, batch: 1 },
    });
  });

  it('takes events by time, kind, actor and service', async () => {
    const count = async (...flags: string[]) =>
      (await copy.authseal('export', ...flags)).out.split('\n').length - 1;
    expect(await count('--actor', 'user-3')).toBe(2);
    expect(await count('--service', 'shop', '--kind', 'LOGIN_FAILED')).toBe(16);
    expect(await count('--kind', 'OTHER')).toBe(0);
    expect(await count('--from', '2001-01-01')).toBe(16);
    expect(await count('--to', '2001-01-01')).toBe(0);
  });
});

describe('authseal doctor', () => {
  type Check = { place: string; check: string; result: string; detail: string };

  it('proves the locks of each region, and finds topics that are missing', async () => {
    const { status, out } = await copy.authseal('doctor', '--json');
    const { checks } = JSON.parse(out) as { checks: Check[] };
    for (const region of ['eu-central-1', 'eu-west-1']) {
      const own = checks.filter((check) => check.place === region);
      expect(own).toHaveLength(7);
      expect(own.every(({ result }) => result === 'ok')).toBe(true);
    }
    expect(checks).toContainEqual(
      expect.objectContaining({ place: 'kafka', check: 'auth-events exists', result: 'fail' }),
    );
    expect(status).toBe(1);
  });

  it('finds a bucket that keeps nothing', async () => {
    const plain = new StoredCopy(place);
    const [region] = plain.regions as [Region];
    const { name, endpoint, accessKeyId, secretAccessKey } = region;
    const credentials = { accessKeyId, secretAccessKey };
    const s3 = new S3Client({ region: name, endpoint, credentials, forcePathStyle: true });
    region.bucket = 'plain-bucket';
    await s3.send(new CreateBucketCommand({ Bucket: region.bucket }));
    s3.destroy();
    const { status, out } = await plain.authseal('doctor', '--json', '--region', name);
    expect(status).toBe(1);
    expect(JSON.parse(out).checks).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ place: name, check: 'Object Lock is on', result: 'fail' }),
      ]),
    );
  });
});
