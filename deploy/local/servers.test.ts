import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { toEnvironment } from './environment.ts';
import { identify, readPidFile } from './process-identity.ts';
import type { Region } from './region.ts';
import type { Server } from './server.ts';
import { type Servers, startServers } from './servers.ts';

/** The surroundings without addresses: these tests start servers of their own. */
const environment = {};

let servers: Servers;
beforeAll(async () => {
  servers = await startServers({ environment });
});
afterAll(() => servers?.stop());

const server = (name: string) => servers.servers.find((each) => each.name === name) as Server;

async function withAdmin<T>(use: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const kafka = new Kafka({ brokers: servers.kafkaBrokers, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  return use(admin).finally(() => admin.disconnect());
}

const s3Of = ({ name, endpoint, accessKeyId, secretAccessKey }: Region) =>
  new S3Client({
    region: name,
    endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });

describe('the servers', () => {
  it('are a Kafka that takes topics of 8 MiB messages and creates none by itself', async () => {
    await withAdmin(async (admin) => {
      const configEntries = [{ name: 'max.message.bytes', value: `${8 * 1024 * 1024}` }];
      await admin.createTopics({ topics: [{ topic: 'large', numPartitions: 2, configEntries }] });
      await expect(admin.fetchTopicMetadata({ topics: ['absent'] })).rejects.toThrow(
        'does not host this topic-partition',
      );
      expect(await admin.listTopics()).toEqual(['large']);
    });
  });

  it('are a bucket per region that keeps versions and refuses to delete what is locked', async () => {
    expect(servers.regions.map(({ name }) => name)).toEqual(['eu-central-1', 'eu-west-1']);
    for (const region of servers.regions) {
      const s3 = s3Of(region);
      const at = { Bucket: region.bucket };
      const versioning = await s3.send(new GetBucketVersioningCommand(at));
      expect(versioning.Status).toBe('Enabled');
      const lock = await s3.send(new GetObjectLockConfigurationCommand(at));
      expect(lock.ObjectLockConfiguration?.ObjectLockEnabled).toBe('Enabled');

      const put = new PutObjectCommand({
        ...at,
        Key: 'locked',
        Body: 'x',
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: new Date(Date.now() + 86_400_000),
      });
      const { VersionId } = await s3.send(put);
      await expect(
        s3.send(new DeleteObjectCommand({ ...at, Key: 'locked', VersionId })),
      ).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    }
  });

  it('are different accounts: the keys of one region do not open the other', async () => {
    const [first, second] = servers.regions as [Region, Region];
    const stranger = s3Of({ ...second, accessKeyId: first.accessKeyId });
    await expect(
      stranger.send(new GetBucketVersioningCommand({ Bucket: second.bucket })),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });

  it('listen on loopback only', async () => {
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal);
    for (const { address } of addresses) {
      for (const { endpoint } of servers.servers) {
        const port = Number(endpoint.split(':').at(-1));
        const outcome = await new Promise((resolve) => {
          const socket = createConnection({ host: address, port });
          socket.on('connect', () => resolve('connected')).on('error', () => resolve('refused'));
        });
        expect(outcome).toBe('refused');
      }
    }
  });

  it('are started once per directory', async () => {
    await expect(startServers({ environment, directory: servers.directory })).rejects.toMatchObject(
      { code: 'ALREADY_RUNNING' },
    );
  });
});

describe('a server that cannot start', () => {
  it('takes the others with it', async () => {
    const directory = mkdtempSync(`${tmpdir()}/authseal-servers-`);
    mkdirSync(`${directory}/s3-eu-west-1`);
    writeFileSync(`${directory}/s3-eu-west-1/data`, 'in the way of a folder');
    await expect(startServers({ environment, directory, report: () => {} })).rejects.toThrow(
      'EEXIST',
    );
    for (const name of ['kafka', 's3-eu-central-1']) {
      expect(existsSync(`${directory}/${name}/pid`)).toBe(true);
      expect(readPidFile(`${directory}/${name}/pid`)).toBeNull();
    }
    rmSync(directory, { recursive: true });
  });
});

describe('servers that the environment names', () => {
  it('are used as they are, with nothing started or ended', async () => {
    const given = await startServers({ environment: toEnvironment(servers), report: () => {} });
    expect(given).toMatchObject({
      kafkaBrokers: servers.kafkaBrokers,
      regions: servers.regions,
      servers: [],
      pids: [],
    });
    await given.stop();
    expect(servers.pids.map(identify)).not.toContain(null);
  });

  it('are named in an error when they do not answer', async () => {
    const gone = { ...servers, kafkaBrokers: ['127.0.0.1:1'] };
    await expect(
      startServers({ environment: toEnvironment(gone), report: () => {} }),
    ).rejects.toMatchObject({
      code: 'ADDRESS_UNREACHABLE',
      message: expect.stringContaining('Kafka at 127.0.0.1:1'),
    });
  });
});

describe('a server', () => {
  it('comes back after SIGKILL with its data at the same address', async () => {
    const kafka = server('kafka');
    const { pid, endpoint } = kafka;
    await kafka.kill('SIGKILL');
    expect(identify(pid)).toBeNull();
    await kafka.restart();
    expect(kafka).toMatchObject({ endpoint });
    expect(kafka.pid).not.toBe(pid);
    expect(await withAdmin((admin) => admin.listTopics())).toContain('large');
  });

  it('answers nobody while it is stopped by SIGSTOP, and goes on with SIGCONT', async () => {
    const s3 = server('s3-eu-west-1');
    const ask = (ms: number) =>
      fetch(`${s3.endpoint}/_health`, { signal: AbortSignal.timeout(ms) }).then(({ ok }) => ok);
    await s3.kill('SIGSTOP');
    // The kernel stops its threads one after the other, soon after the signal was sent.
    await vi.waitFor(() => expect(ask(300)).rejects.toThrow('timeout'), 10_000);
    await s3.kill('SIGCONT');
    expect(await ask(10_000)).toBe(true);
  });

  it('ends when its tether is killed, and can be started again', async () => {
    const s3 = server('s3-eu-central-1');
    const { pid } = s3;
    const tether = Number(execFileSync('ps', ['-o', 'ppid=', '-p', `${pid}`]).toString());
    process.kill(tether, 'SIGKILL');
    await vi.waitUntil(() => identify(pid) === null, 10_000);
    await s3.restart();
    expect(s3.pid).not.toBe(pid);
  });
});
