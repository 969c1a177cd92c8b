import { execFile, spawn } from 'node:child_process';
import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Server, type Servers, startServers } from '@authseal/deploy/local';
import { type AuditProducer, createAuditProducer, type Receipt } from '@authseal/producer-sdk';
import { decodeEvent } from '@authseal/schemas';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { newProducerId, produceForged, recordAt } from '../plain/forged-records.ts';
import { createTopic, type PlainRecord, readTopic as readPlain } from '../plain/topic.ts';

const signing = generateKeyPairSync('ed25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const silent = { warn() {} };
const COLLECT = fileURLToPath(new URL('../../producer-sdk/src/collect/cli.ts', import.meta.url));

let servers: Servers;
let kafka: Server;
let client: Kafka;
let admin: Admin;

beforeAll(async () => {
  servers = await startServers({ environment: {}, regions: [], report() {} });
  kafka = servers.servers[0] as Server;
  client = new Kafka({ brokers: servers.kafkaBrokers, logLevel: logLevel.NOTHING });
  admin = client.admin();
  await admin.connect();
}, 300_000);

afterAll(async () => {
  await admin?.disconnect();
  await servers?.stop();
}, 60_000);

let topics = 0;
async function newTopic(numPartitions = 3): Promise<string> {
  const topic = `auth-events-${++topics}`;
  await createTopic(admin, { topic, numPartitions });
  return topic;
}

function newProducer(topic: string, options = {}): AuditProducer {
  return createAuditProducer({
    service: 'billing',
    deployment: 'test',
    kafka: { brokers: servers.kafkaBrokers },
    topic,
    signingKey: signing.privateKey,
    logger: silent,
    ...options,
  });
}

const login = (n: number) => ({
  actor: { type: 'USER' as const, id: `user-${n}` },
  login: { method: 'password' },
});

/** All records of the topic, per partition, by a consumer in a process of its own. */
async function readTopic(topic: string): Promise<Map<number, PlainRecord[]>> {
  const partitions = await readPlain(servers.kafkaBrokers, topic);
  return new Map([...partitions.entries()].filter(([, records]) => records.length > 0));
}

async function recordsIn(topic: string): Promise<number> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
}

const header = (message: PlainRecord, name: string) =>
  message.headers?.[name] as Buffer | undefined;
const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();

/** ledger/README.md, section 8, written here again: every link and signature of one producer. */
function checkChain(producer: string, topic: string, messages: readonly PlainRecord[]): number {
  let link = sha256(`authseal/producer/v1\ntest\n${topic}\n${producer}\n`);
  let flushes = 0;
  let hashes: Buffer[] = [];
  messages.forEach((message, sequence) => {
    expect(message.key?.toString()).toBe(producer);
    expect(header(message, 'authseal-sequence')?.toString()).toBe(String(sequence));
    hashes.push(sha256(message.value as Buffer));
    const sealed = header(message, 'authseal-link');
    if (sealed === undefined) return;
    const position = Buffer.alloc(8);
    position.writeBigUInt64BE(BigInt(sequence));
    link = sha256(Buffer.concat([link, position, ...hashes]));
    hashes = [];
    flushes++;
    expect(sealed).toEqual(link);
    const text = `authseal/flush/v1\ntest\n${producer}\n${sequence}\n${link.toString('base64')}\n`;
    const signature = header(message, 'authseal-signature') as Buffer;
    expect(verify(null, Buffer.from(text), createPublicKey(signing.publicKey), signature)).toBe(
      true,
    );
  });
  expect(hashes).toEqual([]);
  return flushes;
}

/** A flush whose answer was lost stands again behind itself, byte for byte. */
function withoutRepeats(messages: readonly PlainRecord[]): PlainRecord[] {
  const first: PlainRecord[] = [];
  for (const message of messages) {
    const before = first[Number(header(message, 'authseal-sequence'))];
    if (before === undefined) first.push(message);
    else expect({ ...message, offset: before.offset }).toEqual(before);
  }
  return first;
}

/** Each receipt names the record that holds its event. */
function checkReceipts(receipts: readonly Receipt[], partitions: Map<number, PlainRecord[]>): void {
  for (const { id, partition, offset } of receipts) {
    const message = partitions.get(partition)?.find((found) => found.offset === offset);
    expect(decodeEvent(message?.value as Buffer).id).toBe(id);
  }
}

describe('the producer on a real Kafka', () => {
  it('writes each event once, in order, chained and signed, and its receipts are true', async () => {
    const topic = await newTopic();
    const producer = newProducer(topic);
    const receipts: Receipt[] = [];
    for (let burst = 0; burst < 5; burst++) {
      const events = Array.from({ length: 50 }, (_, n) => producer.loginSucceeded(login(n)));
      receipts.push(...(await Promise.all(events)));
    }
    await producer.close();
    const partitions = await readTopic(topic);
    expect(partitions.size).toBe(1);
    const [messages = []] = partitions.values();
    expect(messages).toHaveLength(250);
    expect(checkChain(producer.id, topic, messages)).toBeLessThan(50);
    checkReceipts(receipts, partitions);
  });

  it('loses nothing when Kafka is killed in mid-run, and repeats whole flushes at most', async () => {
    const topic = await newTopic();
    const producer = newProducer(topic);
    await producer.loginSucceeded(login(0));
    const receipts: Promise<Receipt>[] = [];
    let running = true;
    const load = (async () => {
      for (let n = 1; running; n++) {
        receipts.push(producer.loginSucceeded(login(n)));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    for (let kill = 0; kill < 2; kill++) {
      await receipts.at(-1);
      await kafka.kill('SIGKILL');
      await kafka.restart();
    }
    running = false;
    await load;
    await producer.close();
    const all = await Promise.all(receipts);
    const partitions = await readTopic(topic);
    const [messages = []] = partitions.values();
    const once = withoutRepeats(messages);
    expect(once).toHaveLength(all.length + 1);
    checkChain(producer.id, topic, once);
    checkReceipts(all, partitions);
  }, 120_000);

  it('is confirmed nothing that is not written, whoever wrote under producer ids of Kafka before', async () => {
    const topic = await newTopic(1);
    const [broker] = servers.kafkaBrokers as [string];
    // The first of a broker's ids is refused while it fetches a block of them.
    const own = await vi.waitFor(() => newProducerId(broker), { timeout: 60_000 });
    for (let next = own + 1; next <= own + 20; next++) {
      await produceForged(broker, topic, [recordAt(0, 'forged')], { producerId: next });
    }
    const producer = newProducer(topic);
    const receipt = await producer.loginSucceeded(login(0));
    await producer.close();
    expect(receipt.offset).toBe(20);
    checkReceipts([receipt], await readTopic(topic));
  });

  it('waits for a Kafka that is not there yet', async () => {
    const topic = await newTopic();
    await kafka.kill('SIGKILL');
    const producer = newProducer(topic);
    const receipt = producer.loginSucceeded(login(0));
    await kafka.restart();
    expect(await receipt).toMatchObject({ sequence: 0, offset: 0 });
    await producer.close();
  }, 60_000);

  it('rejects what is not confirmed when closing takes too long', async () => {
    const topic = await newTopic();
    const producer = newProducer(topic);
    await producer.loginSucceeded(login(0));
    await kafka.kill('SIGKILL');
    const receipt = producer.loginSucceeded(login(1)).catch((error) => error);
    const error = await producer.close({ timeoutMs: 200 }).catch((error) => error);
    await kafka.restart();
    expect(error).toMatchObject({ code: 'UNCONFIRMED' });
    expect(error.message).toContain('1 events');
    expect(await receipt).toBe(error);
  }, 60_000);

  it('says that there is no such topic, and what to do, once that lasts', async () => {
    const told: { code: string; message: string }[] = [];
    const warn = (details: { code?: string }, message: string) =>
      told.push({ code: String(details.code), message });
    const topic = `not-made-${++topics}`;
    const producer = newProducer(topic, { logger: { warn } });
    const start = Date.now();
    const receipt = producer.loginSucceeded(login(0));
    await expect.poll(() => told, { timeout: 60_000 }).not.toEqual([]);
    expect(Date.now() - start).toBeGreaterThanOrEqual(3_000);
    const [first] = told;
    expect(first?.code).toBe('TOPIC_MISSING');
    expect(first?.message).toContain(servers.kafkaBrokers.join(','));
    expect(first?.message).toContain(`no topic ${topic}`);
    expect(first?.message).toContain('authseal-ingestor init');
    await createTopic(admin, { topic });
    expect(await receipt).toMatchObject({ sequence: 0 });
    await producer.close();
  });

  it('says of what Kafka is about to mend nothing at all', async () => {
    const told: string[] = [];
    const topic = `auth-events-${++topics}`;
    await admin.createTopics({ topics: [{ topic }], waitForLeaders: false });
    const warn = (_: object, message: string) => told.push(message);
    const producer = newProducer(topic, { logger: { warn } });
    await producer.loginSucceeded(login(0));
    await producer.close();
    expect(told).toEqual([]);
  });

  it('closes in its time, and says why, when the broker hangs', async () => {
    const producer = newProducer(await newTopic());
    await producer.loginSucceeded(login(0));
    await kafka.kill('SIGSTOP');
    const receipt = producer.loginSucceeded(login(1)).catch((error) => error);
    const error = await producer.close({ timeoutMs: 500 }).catch((error) => error);
    await kafka.kill('SIGCONT');
    expect(error).toMatchObject({ code: 'UNCONFIRMED' });
    expect(error.message).toContain('Kafka did not answer');
    expect(await receipt).toBe(error);
  });

  it('is wired in as the README shows', async () => {
    await createTopic(admin, { topic: 'auth-events' });
    const example = fileURLToPath(new URL('../../producer-sdk/examples/login.ts', import.meta.url));
    const env = { ...process.env, AUTHSEAL_KAFKA_BROKERS: servers.kafkaBrokers.join(',') };
    const { stdout } = await promisify(execFile)(process.execPath, [example], { env });
    expect(stdout).toMatch(/event [0-9a-f-]{36} is at 0\/0/);
  });

  it('stays in its partition when the topic grows', async () => {
    const topic = await newTopic(1);
    const producers = Array.from({ length: 8 }, () => newProducer(topic));
    await Promise.all(producers.map((producer) => producer.loginSucceeded(login(0))));
    await admin.createPartitions({ topicPartitions: [{ topic, count: 16 }] });
    // The broker's restart makes each producer learn of the new partitions.
    await kafka.restart();
    const later = await Promise.all(producers.map((producer) => producer.loginSucceeded(login(1))));
    expect(later.map(({ partition }) => partition)).toEqual(Array(8).fill(0));
    await Promise.all(producers.map((producer) => producer.close()));
  }, 60_000);

  it('never confirms to a partition that is gone, and says so', async () => {
    const topic = await newTopic(8);
    const warnings: string[] = [];
    const warn = (details: { err?: Error }) => warnings.push(String(details.err?.message));
    const producers = Array.from({ length: 8 }, () => newProducer(topic, { logger: { warn } }));
    const first = await Promise.all(producers.map((producer) => producer.loginSucceeded(login(0))));
    const moved = producers.filter((_, i) => (first[i]?.partition ?? 0) > 0);
    expect(moved).not.toHaveLength(0);
    await admin.deleteTopics({ topics: [topic] });
    await createTopic(admin, { topic, numPartitions: 1 });
    const [producer] = moved as [AuditProducer];
    const receipt = producer.loginSucceeded(login(1)).catch((error) => error);
    await expect
      .poll(() => warnings.join('\n'), { timeout: 20_000 })
      .toContain('does this partition exist?');
    await Promise.allSettled(producers.map((each) => each.close({ timeoutMs: 100 })));
    expect(await receipt).toMatchObject({ code: 'UNCONFIRMED' });
  }, 60_000);
});

describe('authseal-collect on a real Kafka', () => {
  const line =
    'Dec 10 06:55:10 LabSZ sshd[1]: Failed password for root from 192.0.2.1 port 1 ssh2\n';

  function collect(topic: string) {
    const child = spawn(process.execPath, [COLLECT, 'sshd', '--topic', topic, '-'], {
      env: {
        PATH: process.env.PATH,
        AUTHSEAL_DEPLOYMENT: 'test',
        AUTHSEAL_KAFKA_BROKERS: servers.kafkaBrokers.join(','),
      },
    });
    let err = '';
    child.stderr.on('data', (data) => {
      err += data;
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    return { child, ended, err: () => err };
  }

  it('ends at its start when there is no such topic, and says how to make it', async () => {
    const { ended, err } = collect('not-made');
    expect(await ended).toBe(1);
    expect(err()).toMatch(/^authseal-collect: .* has no topic not-made .*authseal-ingestor init/);
    expect(err().trim().split('\n')).toHaveLength(1);
  });

  it('stops by signal when Kafka went away, and says what is not confirmed, and why', async () => {
    const topic = await newTopic();
    const { child, ended, err } = collect(topic);
    child.stdin.write(line.repeat(10));
    await expect.poll(() => recordsIn(topic), { timeout: 60_000 }).toBe(10);
    await kafka.kill('SIGKILL');
    child.stdin.write(line.repeat(2));
    await expect.poll(err, { timeout: 60_000 }).toContain('cannot be reached');
    child.kill('SIGINT');
    expect(await ended).toBe(1);
    await kafka.restart();
    expect(err()).toMatch(/^events +10$/m);
    expect(err()).toMatch(/UNCONFIRMED +2$/m);
    expect(err()).toMatch(/^! .*has not confirmed 2 events .* cannot be reached/m);
  });
});
