/** The archiver on a real Kafka and real S3 regions, fed with batches that the ledger sealed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { type Servers, startServers, toEnvironment } from '@authseal/deploy/local';
import {
  BatchBuilder,
  formatVkey,
  type LogHead,
  newLog,
  noteVerifier,
  objectKey,
  originOf,
  type SealedBatch,
  sha256,
  signerFromPem,
} from '@authseal/ledger';
import { Bucket, type ListedVersion } from '@authseal/runtime';
import { settingsOfNew } from '@authseal/runtime/kafka';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Admin, ConfigResourceTypes, Kafka, logLevel, type Producer } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createTopic } from '../plain/topic.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const DAY = 24 * 60 * 60 * 1000;
const DEPLOYMENT = 'test';
const ARCHIVER = new URL('../../archiver/src/main.ts', import.meta.url).pathname;

const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
const signer = signerFromPem(String(pem));

let servers: Servers;
let directory: string;
let kafka: Kafka;
let admin: Admin;
let producer: Producer;
let buckets: Bucket[];
let s3: S3Client;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  directory = mkdtempSync(`${tmpdir()}/authseal-archiver-`);
  const vkey = formatVkey(noteVerifier(DEPLOYMENT, signer.publicKey));
  writeFileSync(`${directory}/keys`, `${vkey}\n`);
  servers = await startServers();
  buckets = servers.regions.map((region) => new Bucket(region));
  s3 = s3Client(servers.regions[0] as Servers['regions'][number]);
  kafka = new Kafka({ brokers: servers.kafkaBrokers, logLevel: logLevel.NOTHING });
  admin = kafka.admin();
  producer = kafka.producer({ idempotent: true });
  await Promise.all([admin.connect(), producer.connect()]);
});

afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await Promise.all([...running].map((child) => once(child, 'exit')));
});

afterAll(async () => {
  await Promise.all([admin?.disconnect(), producer?.disconnect()]);
  for (const bucket of buckets ?? []) bucket.close();
  s3?.destroy();
  await servers?.stop();
  rmSync(directory, { recursive: true, force: true });
});

function s3Client(region: Servers['regions'][number]): S3Client {
  return new S3Client({
    region: region.name,
    endpoint: region.endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: region.accessKeyId, secretAccessKey: region.secretAccessKey },
  });
}

/** A topic of batches of its own, archived below a prefix of its own. */
class Scenario {
  readonly topic: string;
  readonly prefix: string;
  readonly #name: string;

  private constructor(name: string) {
    this.#name = name;
    this.topic = `batches-${name}`;
    this.prefix = `${name}/`;
  }

  static async begin(name: string, partitions = 1): Promise<Scenario> {
    const scenario = new Scenario(name);
    const settings = Object.entries(settingsOfNew('batches', 1));
    const configEntries = settings.map(([name, value]) => ({ name, value }));
    const topic = { topic: scenario.topic, numPartitions: partitions, configEntries };
    await createTopic(admin, topic);
    return scenario;
  }

  key({ header }: SealedBatch): string {
    return objectKey(this.prefix, header);
  }

  /** As an ingestor, in a transaction. Returns the offset of the first. */
  produce(values: readonly Buffer[], partition = 0): Promise<number> {
    return this.#inTransaction('commit', values, partition);
  }

  async produceAborted(values: readonly Buffer[]): Promise<void> {
    await this.#inTransaction('abort', values, 0);
  }

  /** As somebody else, outside a transaction. Returns the offset. */
  async produceOutside(value: Buffer): Promise<number> {
    const messages = [{ partition: 0, value }];
    const [result] = await producer.send({ topic: this.topic, messages });
    return Number(result?.baseOffset);
  }

  async #inTransaction(
    end: 'commit' | 'abort',
    values: readonly Buffer[],
    partition: number,
  ): Promise<number> {
    const transactional = kafka.producer({ transactionalId: this.topic, maxInFlightRequests: 1 });
    await transactional.connect();
    try {
      const transaction = await transactional.transaction();
      const messages = values.map((value) => ({ partition, value }));
      const [result] = await transaction.send({ topic: this.topic, messages });
      await transaction[end]();
      return Number(result?.baseOffset);
    } finally {
      await transactional.disconnect();
    }
  }

  async deleteState(region: number): Promise<void> {
    await admin.deleteGroups([`${this.#name}-${servers.regions[region]?.name}.state`]);
  }

  /** Starts an archiver; resolves when it is ready. */
  async archive(region: number): Promise<Archiver> {
    const archiver = this.start(region);
    await archiver.ready();
    return archiver;
  }

  start(region: number, settings: Record<string, string> = {}): Archiver {
    const { name } = servers.regions[region] ?? {};
    return new Archiver({
      ...toEnvironment({
        kafkaBrokers: servers.kafkaBrokers,
        regions: servers.regions.map((each) => ({ ...each, prefix: this.prefix })),
      }),
      AUTHSEAL_DEPLOYMENT: DEPLOYMENT,
      AUTHSEAL_KEYS: `${directory}/keys`,
      AUTHSEAL_REGION: name as string,
      AUTHSEAL_BATCHES_TOPIC: this.topic,
      AUTHSEAL_ARCHIVER_GROUP: this.#name,
      // So that one that was killed is soon forgotten.
      AUTHSEAL_SESSION_TIMEOUT: '6s',
      AUTHSEAL_TRANSACTION_TIMEOUT: '6s',
      ...settings,
    });
  }
}

type LogLine = Record<string, unknown> & { msg: string };

/** The real process. */
class Archiver {
  readonly #child: ChildProcess;
  readonly lines: LogLine[] = [];
  #errors = '';

  constructor(settings: Record<string, string>) {
    const env = {
      PATH: process.env.PATH,
      ...settings,
      AUTHSEAL_HTTP_HOST: '127.0.0.1',
      AUTHSEAL_HTTP_PORT: '0',
      AUTHSEAL_LOG_LEVEL: 'debug',
    };
    const child = spawn(process.execPath, [ARCHIVER], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    child.once('exit', () => running.delete(child));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (process.env.AUTHSEAL_TEST_LOG) process.stderr.write(`${line}\n`);
      this.lines.push(JSON.parse(line));
    });
    child.stderr.on('data', (text) => {
      this.#errors += text;
    });
    this.#child = child;
  }

  async ready(): Promise<void> {
    await vi.waitFor(async () => expect((await this.#get('readyz')).status).toBe(200), WAIT);
  }

  /** Why it is not ready; empty when it is. */
  async reasons(): Promise<string> {
    const { reasons } = (await (await this.#get('readyz')).json()) as { reasons: string[] };
    return reasons.join();
  }

  /** What was counted, without what was not. */
  async counts(name: string): Promise<Record<string, number>> {
    const samples = Object.entries(await this.metric(name));
    return Object.fromEntries(samples.filter(([, count]) => count > 0));
  }

  /** Every sample of a metric, by its labels without deployment and region: `{partition="0"}` → 3. */
  async metric(name: string): Promise<Record<string, number>> {
    const text = await (await this.#get('metrics')).text();
    const samples = text.matchAll(new RegExp(`^authseal_archiver_${name}\\{(.*)\\} (\\S+)$`, 'gm'));
    return Object.fromEntries(
      [...samples].map(([, labels, value]) => [
        labels?.replace(/,?deployment="[^"]*",region="[^"]*"/, ''),
        Number(value),
      ]),
    );
  }

  async archived(batches: number, partition = 0): Promise<void> {
    await vi.waitFor(async () => {
      const counts = await this.metric('batches_total');
      const own = Object.entries(counts).filter(([labels]) => labels.includes(`"${partition}"`));
      expect(own.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThanOrEqual(batches);
      expect(await this.metric('lag_records')).toHaveProperty(`partition="${partition}"`, 0);
    }, WAIT);
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return await this.exited();
  }

  async exited(): Promise<number | null> {
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  get errors(): string {
    return this.#errors;
  }

  async #get(path: string): Promise<Response> {
    const port = this.lines.find(({ msg }) => msg === 'archiver started')?.port;
    if (port === undefined) throw new Error(`not started: ${this.#errors}`);
    return await fetch(`http://127.0.0.1:${port}/${path}`);
  }
}

const WAIT = { timeout: 60_000, interval: 50 };

type Sealed = { batches: SealedBatch[]; head: LogHead };

/** Seals the next batches of a log, one record in each but batch 0. */
async function seal(head: LogHead, number: number, fill = Buffer.alloc(0)): Promise<Sealed> {
  const batches: SealedBatch[] = [];
  const terms = { retention: 30 * DAY, heartbeat: 300, partitions: 3, codec: 'null' as const };
  for (let i = 0; i < number; i += 1) {
    const builder = new BatchBuilder(head);
    const value = Buffer.concat([Buffer.from(`event ${head.batch}`), fill]);
    if (head.batch > 0) {
      builder.append({ offset: head.offset, timestamp: 1, key: null, headers: [], value });
    }
    const sealed = await builder.seal({ now: Date.now(), ...terms }, { signer });
    batches.push(sealed);
    head = sealed.head;
  }
  return { batches, head };
}

const logOf = (partition = 0) => newLog(originOf(DEPLOYMENT, 'auth-events', partition));
const objects = (batches: readonly SealedBatch[]) => batches.map(({ object }) => object);
const bucketOf = (region: number) => buckets[region] as Bucket;

async function versions(region: number, prefix: string): Promise<ListedVersion[]> {
  const found: ListedVersion[] = [];
  for await (const version of bucketOf(region).listVersions(prefix)) found.push(version);
  return found;
}

/** That the bucket holds each batch byte for byte under COMPLIANCE for as long as it says. */
async function expectArchived(scenario: Scenario, region: number, batches: SealedBatch[]) {
  for (const batch of batches) {
    const kept = [];
    for (const { key, versionId, deleteMarker } of await versions(region, scenario.key(batch))) {
      if (deleteMarker) continue;
      const head = await bucketOf(region).headVersion(key, versionId);
      const got = await bucketOf(region).getVersion(key, versionId, 8 * 1024 * 1024);
      const until = head?.retainUntil?.getTime() ?? 0;
      const isLocked = head?.mode === 'COMPLIANCE' && until >= batch.header.retainUntil;
      if (got?.bytes.equals(batch.object) && isLocked) kept.push(versionId);
    }
    expect(kept, `batch ${batch.header.batch}`).toHaveLength(1);
  }
}

/** A version that somebody else writes to the first region. */
async function plant(key: string, body: Buffer, lockedUntil?: number): Promise<void> {
  const until = lockedUntil === undefined ? undefined : new Date(lockedUntil);
  await s3.send(
    new PutObjectCommand({
      Bucket: bucketOf(0).region.bucket,
      Key: key,
      Body: body,
      ChecksumSHA256: sha256(body).toString('base64'),
      ...(until && { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until }),
    }),
  );
}

describe('the archiver', () => {
  it('archives each batch byte for byte in both regions, once, also when killed and started again', async () => {
    const scenario = await Scenario.begin('both');
    const first = await seal(logOf(), 12, Buffer.alloc(100_000, 'x'));
    const archivers = await Promise.all([0, 1].map((region) => scenario.archive(region)));
    await scenario.produce(objects(first.batches));
    await Promise.all(archivers.map((archiver) => archiver.archived(12)));
    await Promise.all(archivers.map((archiver) => archiver.end('SIGKILL')));

    const second = await seal(first.head, 3);
    await scenario.produce(objects(second.batches));
    const again = await Promise.all([0, 1].map((region) => scenario.archive(region)));
    await Promise.all(again.map((archiver) => archiver.archived(3)));

    const all = [...first.batches, ...second.batches];
    for (const region of [0, 1]) {
      await expectArchived(scenario, region, all);
      expect(await versions(region, scenario.prefix)).toHaveLength(all.length);
      const outcomes = await again[region]?.counts('batches_total');
      expect(outcomes).toEqual({ 'partition="0",outcome="written"': 3 });
    }
  });

  it('does not take for archived what somebody else put under a key, and says so', async () => {
    const scenario = await Scenario.begin('planted');
    const { batches } = await seal(logOf(), 5);
    const [other, unlocked, short, hidden] = batches as [
      SealedBatch,
      SealedBatch,
      SealedBatch,
      SealedBatch,
    ];
    await plant(scenario.key(other), Buffer.from('something else'), Date.now() + 60 * DAY);
    await plant(scenario.key(unlocked), unlocked.object);
    await plant(scenario.key(short), short.object, Date.now() + DAY);
    await plant(scenario.key(hidden), Buffer.from('something'));
    await bucketOf(0).deleteVersion(scenario.key(hidden));

    await scenario.produce(objects(batches));
    const archiver = await scenario.archive(0);
    await archiver.archived(5);

    await expectArchived(scenario, 0, batches);
    expect(await versions(0, scenario.key(short))).toHaveLength(1);
    // A key under a delete marker is free to S3, and taken to versitygw.
    const beside = (await archiver.metric('alerts_total'))['code="KEY_TAKEN"'];
    expect([2, 3]).toContain(beside);
    expect(await archiver.counts('batches_total')).toEqual({
      'partition="0",outcome="beside"': beside,
      'partition="0",outcome="raised"': 1,
      'partition="0",outcome="written"': 4 - (beside ?? 0),
    });
  });

  it('passes over what is not ours or outside a transaction, with its offset, and does not see aborted transactions', async () => {
    const scenario = await Scenario.begin('garbage');
    const { batches } = await seal(logOf(), 3);
    const [first, second, third] = objects(batches) as [Buffer, Buffer, Buffer];
    const forged = await seal(newLog(originOf(DEPLOYMENT, 'auth-events', 0)), 1);
    const garbage = Buffer.from('no batch at all');
    const changed = Buffer.from(second);
    changed.writeUInt8(changed.readUInt8(changed.length - 100) ^ 1, changed.length - 100);
    await scenario.produceAborted(objects(forged.batches));
    const offset = await scenario.produce([first, garbage, changed, second]);
    const outside = await scenario.produceOutside(objects(forged.batches)[0] as Buffer);
    await scenario.produce([third]);

    const archiver = await scenario.archive(0);
    await archiver.archived(3);

    await expectArchived(scenario, 0, batches);
    expect(await versions(0, scenario.prefix)).toHaveLength(3);
    expect(await archiver.metric('passed_over_total')).toEqual({ 'partition="0"': 3 });
    const alerts = archiver.lines.filter(({ level }) => level === 'error');
    expect(alerts.map((alert) => alert.offset)).toEqual([offset + 1, offset + 2, outside]);
    expect(JSON.stringify(alerts[0])).toContain(sha256(garbage).toString('hex'));
  });

  it('finds its place from the bucket when Kafka has lost it', async () => {
    const scenario = await Scenario.begin('lost');
    const first = await seal(logOf(), 6);
    await scenario.produce(objects(first.batches));
    const archiver = await scenario.archive(0);
    await archiver.archived(6);
    expect(await archiver.end('SIGTERM')).toBe(0);

    await scenario.deleteState(0);
    const second = await seal(first.head, 2);
    await scenario.produce(objects(second.batches));
    const again = await scenario.archive(0);
    await again.archived(8);

    await expectArchived(scenario, 0, [...first.batches, ...second.batches]);
    expect(await versions(0, scenario.prefix)).toHaveLength(8);
    expect(await again.counts('batches_total')).toEqual({
      'partition="0",outcome="found"': 6,
      'partition="0",outcome="written"': 2,
    });
  });

  it('stops a partition at a gap and at a second history, with an alarm, while others go on', async () => {
    const scenario = await Scenario.begin('stopped', 3);
    const [gap, fork, whole] = (await Promise.all(
      [0, 1, 2].map((partition) => seal(logOf(partition), 4)),
    )) as [Sealed, Sealed, Sealed];
    const otherHistory = await seal((fork.batches[1] as SealedBatch).head, 1);
    await scenario.produce(objects(gap.batches.toSpliced(2, 1)), 0);
    await scenario.produce(objects([...fork.batches, ...otherHistory.batches]), 1);
    await scenario.produce(objects(whole.batches), 2);

    const archiver = await scenario.archive(0);
    await archiver.archived(4, 2);
    await vi.waitFor(
      async () =>
        expect(await archiver.metric('stopped')).toEqual({
          'partition="0",code="GAP"': 1,
          'partition="1",code="FORK"': 1,
        }),
      WAIT,
    );
    await expectArchived(scenario, 0, [
      ...gap.batches.slice(0, 2),
      ...fork.batches,
      ...whole.batches,
    ]);
    expect(await versions(0, scenario.prefix)).toHaveLength(10);
    // A batch and the marker behind it.
    const lag = { 'partition="0"': 2, 'partition="1"': 2, 'partition="2"': 0 };
    await vi.waitFor(async () => expect(await archiver.metric('lag_records')).toEqual(lag), WAIT);
  });

  it('lets a region that is down hold up only itself, shows it, and catches up', async ({
    skip,
  }) => {
    const [, s3Server] = servers.servers;
    if (s3Server === undefined) return skip('the servers are not ours to stop');
    const scenario = await Scenario.begin('outage');
    const { batches } = await seal(logOf(), 8, Buffer.alloc(1_000_000, 'x'));
    const [down, up] = await Promise.all([scenario.archive(0), scenario.archive(1)]);
    await scenario.produce(objects(batches.slice(0, 2)));
    await down.archived(2);
    await s3Server.kill('SIGKILL');
    await scenario.produce(objects(batches.slice(2, 5)));
    await scenario.produce(objects(batches.slice(5)));
    await up.archived(8);
    await vi.waitFor(async () => expect(await down.reasons()).toContain('PutObject failed'), WAIT);
    // Six batches and two markers.
    await vi.waitFor(
      async () => expect(await down.metric('lag_records')).toEqual({ 'partition="0"': 8 }),
      WAIT,
    );

    await s3Server.restart();
    await down.archived(8);
    expect(await down.reasons()).toBe('');
    await expectArchived(scenario, 0, batches);
    expect(await down.end('SIGTERM')).toBe(0);
  });

  it('that starts while its bucket is down shows why, and has its metrics', async ({ skip }) => {
    const [, s3Server] = servers.servers;
    if (s3Server === undefined) return skip('the servers are not ours to stop');
    const scenario = await Scenario.begin('begun-down');
    await s3Server.kill('SIGKILL');
    const archiver = scenario.start(0);
    await vi.waitFor(
      async () =>
        expect(await archiver.reasons()).toMatch(/the bucket is not reached: .*ECONNREFUSED/),
      WAIT,
    );
    expect(await archiver.metric('ready')).toEqual({ '': 0 });
    expect(await archiver.metric('alerts_total')).toHaveProperty('code="GAP"', 0);
    expect((await archiver.counts('retries_total'))['code="S3_FAILED"']).toBeGreaterThan(0);
    await s3Server.restart();
    await archiver.ready();
    expect(await archiver.metric('ready')).toEqual({ '': 1 });
  });

  it('is not ready while its topic breaks a promise, and says which and what mends it', async () => {
    const scenario = await Scenario.begin('changed');
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: ConfigResourceTypes.TOPIC,
          name: scenario.topic,
          configEntries: [
            ...Object.entries({ ...settingsOfNew('batches', 1), 'retention.ms': '86400000' }),
          ].map(([name, value]) => ({ name, value })),
        },
      ],
    });
    const archiver = scenario.start(0);
    await vi.waitFor(
      async () =>
        expect(await archiver.reasons()).toMatch(/retention\.ms=86400000; .*kafka-configs\.sh/),
      WAIT,
    );
    expect(await archiver.metric('topic_faults')).toEqual({ '': 1 });
    const { batches } = await seal(logOf(), 2);
    await scenario.produce(objects(batches));
    await archiver.archived(2);
  });

  it('goes on by itself when Kafka was away', async ({ skip }) => {
    const [kafkaServer] = servers.servers;
    if (kafkaServer === undefined) return skip('the servers are not ours to stop');
    const scenario = await Scenario.begin('broker');
    const { batches } = await seal(logOf(), 6);
    const archiver = await scenario.archive(0);
    await scenario.produce(objects(batches.slice(0, 3)));
    await archiver.archived(3);
    await kafkaServer.kill('SIGKILL');
    await vi.waitFor(async () => expect(await archiver.reasons()).not.toBe(''), WAIT);
    await kafkaServer.restart();
    await vi.waitFor(() => scenario.produce(objects(batches.slice(3))), WAIT);
    await archiver.archived(6);
    await expectArchived(scenario, 0, batches);
    expect(await versions(0, scenario.prefix)).toHaveLength(6);
  });

  it('refuses to start on a bucket that keeps nothing', async () => {
    const scenario = await Scenario.begin('unlocked');
    await s3.send(new CreateBucketCommand({ Bucket: 'plain' }));
    const archiver = scenario.start(0, { AUTHSEAL_REGION_EU_CENTRAL_1_BUCKET: 'plain' });
    expect(await archiver.exited()).toBe(1);
    expect(archiver.errors).toContain('Object Lock is off');
  });
});
