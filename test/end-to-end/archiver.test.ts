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
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Admin, Kafka, logLevel, type Producer } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const DAY = 24 * 60 * 60 * 1000;
const DEPLOYMENT = 'test';
const ARCHIVER = new URL('../../archiver/src/main.ts', import.meta.url).pathname;

const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
const signer = signerFromPem(String(pem));

let servers: Servers;
let directory: string;
let admin: Admin;
let producer: Producer;
let buckets: Bucket[];
const running = new Set<ChildProcess>();

beforeAll(async () => {
  directory = mkdtempSync(`${tmpdir()}/authseal-archiver-`);
  const vkey = formatVkey(noteVerifier(DEPLOYMENT, signer.publicKey));
  writeFileSync(`${directory}/keys`, `${vkey}\n`);
  servers = await startServers();
  buckets = servers.regions.map((region) => new Bucket(region));
  const kafka = new Kafka({ brokers: servers.kafkaBrokers, logLevel: logLevel.NOTHING });
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
  await servers?.stop();
  rmSync(directory, { recursive: true, force: true });
});

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
    const configEntries = [{ name: 'max.message.bytes', value: String(8 * 1024 * 1024) }];
    const topic = { topic: scenario.topic, numPartitions: partitions, configEntries };
    await admin.createTopics({ topics: [topic], waitForLeaders: true });
    return scenario;
  }

  key({ header }: SealedBatch): string {
    return objectKey(this.prefix, header);
  }

  async produce(values: readonly Buffer[], partition = 0): Promise<void> {
    const messages = values.map((value) => ({ partition, value }));
    await producer.send({ topic: this.topic, messages });
  }

  async deleteState(region: number): Promise<void> {
    await admin.deleteGroups([`${this.#name}-${servers.regions[region]?.name}.state`]);
  }

  /** Starts an archiver; resolves when it is ready. */
  async archive(region: number, settings: Record<string, string> = {}): Promise<Archiver> {
    const { name } = servers.regions[region] ?? {};
    const archiver = new Archiver({
      ...toEnvironment({
        kafkaBrokers: servers.kafkaBrokers,
        regions: servers.regions.map((each) => ({ ...each, prefix: this.prefix })),
      }),
      AUTHSEAL_DEPLOYMENT: DEPLOYMENT,
      AUTHSEAL_KEYS: `${directory}/keys`,
      AUTHSEAL_REGION: name as string,
      AUTHSEAL_BATCHES_TOPIC: this.topic,
      AUTHSEAL_ARCHIVER_GROUP: this.#name,
      ...settings,
    });
    await archiver.ready();
    return archiver;
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

  /** Every sample of a metric, by its labels without the region: `{partition="0"}` → 3. */
  async metric(name: string): Promise<Record<string, number>> {
    const text = await (await this.#get('metrics')).text();
    const samples = text.matchAll(new RegExp(`^authseal_archiver_${name}\\{(.*)\\} (\\S+)$`, 'gm'));
    return Object.fromEntries(
      [...samples].map(([, labels, value]) => [
        labels?.replace(/,?region="[^"]*"/, ''),
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

const WAIT = { timeout: 30_000, interval: 50 };

async function seal(
  head: LogHead,
  number: number,
  fill = Buffer.alloc(0),
): Promise<{ batches: SealedBatch[]; head: LogHead }> {
  const batches: SealedBatch[] = [];
  const terms = { retention: 30 * DAY, heartbeat: 300, partitions: 2, codec: 'null' as const };
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
  return await Array.fromAsync(bucketOf(region).listVersions(prefix));
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
      const batches = await again[region]?.metric('batches_total');
      expect(batches).toEqual({ 'partition="0",outcome="written"': 3 });
    }
  });
});
