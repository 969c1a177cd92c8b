/**
 * auth-batches is emptied while one region is behind: the log goes on from the region that has its
 * last batch, the other one is filled from it, and so is a third one that is new.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Region, Server, Stack } from '@authseal/deploy/local';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { Admin } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readRegion } from '../plain/archive.ts';
import { expectAllArchived } from '../plain/check.ts';
import { ROOT, run } from '../plain/commands.ts';
import { plainKafka, sealedOffsets, topicEnd } from '../plain/topic.ts';
import { type Load, startFaultStack, startLoad } from './load.ts';
import { refusals } from './refusals.ts';

const PATIENT = { timeout: 60_000, interval: 50 };
const [A, B, C] = ['eu-central-1', 'eu-west-1', 'us-east-1'] as const;
const BATCHES = 'auth-batches';
/** As `authseal-ingestor init` makes them. */
const PARTITIONS = 8;

let stack: Stack;
let admin: Admin;
/** The stack as two regions, without the third. */
let two: Stack;
let third: ChildProcess;
const loads: Load[] = [];
beforeAll(async () => {
  stack = await startFaultStack({ regions: [A, B, C] });
  admin = plainKafka(stack.kafkaBrokers).admin();
  await admin.connect();
  await stack.archivers[2]?.stop();
  const environment = Object.fromEntries(
    Object.entries(stack.environment).filter(([name]) => !name.includes('US_EAST_1')),
  );
  environment.AUTHSEAL_REGIONS = `${A},${B}`;
  two = { ...stack, environment, regions: stack.regions.slice(0, 2) };
});
afterAll(async () => {
  await Promise.all(loads.map((load) => load.stop()));
  third?.kill('SIGKILL');
  await admin?.disconnect();
  await stack?.stop();
});

const archiverOf = (region: string) =>
  stack.archivers[stack.regions.findIndex(({ name }) => name === region)] as Server;
const recover = (...flags: string[]) =>
  run('authseal-ingestor', ['recover', '--from-archive', ...flags], two.environment);
const backfill = (region: string, { environment }: Stack, ...flags: string[]) =>
  run('authseal-archiver', ['backfill', '--from-region', A, ...flags], {
    ...environment,
    AUTHSEAL_REGION: region,
  });

/** Services record some events, and the ingestor seals them. */
async function record(): Promise<void> {
  const load = startLoad(stack, ['web', 'api', 'admin']);
  loads.push(load);
  await vi.waitFor(() => expect(load.receipts.length).toBeGreaterThan(100), PATIENT);
  await load.stop();
  await vi.waitFor(async () => {
    const sealed = await sealedOffsets(
      stack.kafkaBrokers,
      'authseal-ingestor.state',
      'auth-events',
    );
    expect(sealed).toBe(await topicEnd(stack.kafkaBrokers, 'auth-events'));
  }, PATIENT);
}

const everything = (own: object = {}) => ({
  sent: loads.reduce((all, { sent }) => all + sent, 0),
  receipts: loads.flatMap(({ receipts }) => receipts),
  batchesDropped: true,
  ...own,
});

/** Waits until the region's archiver has taken all batches there are. */
async function archivedAll(region: string): Promise<void> {
  await vi.waitFor(async () => {
    const place = await sealedOffsets(
      stack.kafkaBrokers,
      `authseal-archiver-${region}.state`,
      BATCHES,
    );
    // Each partition ends with the marker of its last transaction, which nobody archives.
    expect(place).toBe((await topicEnd(stack.kafkaBrokers, BATCHES)) - PARTITIONS);
  }, PATIENT);
}

const refused = (server: Server, codes: Record<string, unknown>) =>
  vi.waitFor(async () => expect(await refusals(server.endpoint)).toEqual(codes), PATIENT);

describe('an emptied auth-batches', () => {
  it('is refused, with the state that is there and without one', async () => {
    await record();
    await archivedAll(B);
    await archiverOf(B).stop();
    await record();
    await archivedAll(A);
    await stack.ingestor.stop();
    const ends = await admin.fetchTopicOffsets(BATCHES);
    const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
    await admin.deleteTopicRecords({ topic: BATCHES, partitions });
    await stack.ingestor.restart();
    await refused(stack.ingestor, { BATCHES_GONE: PARTITIONS });
    await stack.ingestor.stop();
    await admin.deleteGroups(['authseal-ingestor.state']);
    await stack.ingestor.restart();
    await refused(stack.ingestor, { BATCHES_GONE: PARTITIONS });
  });

  it('is no new log to init', async () => {
    const { code, stderr } = await run('authseal-ingestor', ['init'], two.environment);
    expect(code).toBe(1);
    expect(stderr).toContain('BATCHES_GONE');
    expect(stderr).toContain('authseal-ingestor recover --from-archive --dry-run');
  });

  it('is not recovered from while a region cannot be read', async () => {
    const s3 = stack.servers.find(({ name }) => name === `s3-${B}`) as Server;
    await s3.stop();
    for (const flags of [[], ['--dry-run']]) {
      const { code, stdout } = await recover(...flags);
      expect(stdout).toContain(`REGION_UNREACHABLE: local/auth-events/0: Region ${B}`);
      expect(stdout).toContain('--accept-fork-risk');
      expect(code).toBe(1);
    }
    const { code, stdout } = await recover('--dry-run', '--accept-fork-risk');
    expect(stdout).toContain('The risk was accepted.');
    expect(code).toBe(0);
    await s3.restart();
  });

  it('is told by a dry run how it would go on, and nothing is written', async () => {
    const before = await topicEnd(stack.kafkaBrokers, BATCHES);
    const { code, stdout } = await recover('--dry-run');
    expect(stdout.match(/would be written to the batches topic again/g)).toHaveLength(PARTITIONS);
    expect(code).toBe(0);
    expect(await topicEnd(stack.kafkaBrokers, BATCHES)).toBe(before);
    await refused(stack.ingestor, { BATCHES_GONE: PARTITIONS });
  });

  it('goes on from the last batch of all regions, while the ingestor runs', async () => {
    const { code, stdout } = await recover();
    expect(stdout.match(/was written to the batches topic again/g)).toHaveLength(PARTITIONS);
    expect(code).toBe(0);
    // It would try again by itself within a minute.
    await stack.ingestor.restart();
    await record();
    await refused(stack.ingestor, {});
    await refused(archiverOf(A), {});
  });

  it('is left alone once it has been recovered', async () => {
    const { code, stdout } = await recover();
    expect(stdout.match(/Nothing to do/g)).toHaveLength(PARTITIONS);
    expect(code).toBe(0);
  });
});

describe('a region that missed batches which Kafka has no more', () => {
  it('stops, is filled from another region, and goes on', async () => {
    await archiverOf(B).restart();
    await refused(archiverOf(B), { GAP: expect.any(Number) });
    const [a, b] = two.regions as [Region, Region];
    const dry = await backfill(B, two, '--dry-run');
    expect(dry.stdout).toMatch(/[1-9][0-9]* would be copied/);
    expect((await readRegion(b)).length).toBeLessThan((await readRegion(a)).length);
    const { code, stdout } = await backfill(B, two);
    expect(stdout).toMatch(/[1-9][0-9]* copied/);
    expect(code).toBe(0);
    await archiverOf(B).restart();
    await record();
    await refused(archiverOf(B), {});
    await expectAllArchived(two, everything());
  });
});

describe('a third region that is new', () => {
  it('is filled byte for byte, and its archiver goes on from there', async () => {
    const { name, endpoint, accessKeyId, secretAccessKey } = stack.regions[2] as Region;
    const s3 = new S3Client({
      region: name,
      endpoint,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
    await s3.send(new CreateBucketCommand({ Bucket: 'new', ObjectLockEnabledForBucket: true }));
    s3.destroy();
    await admin.deleteGroups([`authseal-archiver-${C}.state`]);
    const environment = { ...stack.environment, AUTHSEAL_REGION_US_EAST_1_BUCKET: 'new' };
    const regions = [...two.regions, { ...(stack.regions[2] as Region), bucket: 'new' }];
    const three = { ...stack, environment, regions };
    const { code } = await backfill(C, three);
    expect(code).toBe(0);
    third = spawn(process.execPath, [`${ROOT}/archiver/src/main.ts`], {
      stdio: 'ignore',
      env: { ...process.env, ...environment, AUTHSEAL_REGION: C, AUTHSEAL_HTTP_PORT: '0' },
    });
    await record();
    await expectAllArchived(three, everything());
    third.kill('SIGTERM');
    await once(third, 'exit');
  });
});
