/**
 * What each part may do in Kafka, as docs/sre.md says it, is enough: every part logs in at a broker
 * with an authorizer, is given these rules, and does all of its work.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Region } from '@authseal/deploy/local';
import { toEnvironment } from '@authseal/deploy/local';
import kafkajs, { type AclEntry, type Admin } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway } from '../../deploy/local/gateway.ts';
import { kafkaAnswers, SINGLE_NODE_PROPERTIES } from '../../deploy/local/kafka.ts';
import { keyFiles } from '../../deploy/local/keys.ts';
import { onFreePorts } from '../../deploy/local/ports.ts';
import { type Server, startServer } from '../../deploy/local/server.ts';
import { startArchiver, startIngestor } from '../../deploy/local/services.ts';
import { newDirectory, removeDirectory } from '../../deploy/local/temporary.ts';
import { installTools } from '../../deploy/local/tools.ts';
import { ROOT, run } from '../plain/commands.ts';
import { expectExactlyOnce } from '../plain/exactly-once.ts';
import { plainKafka } from '../plain/topic.ts';

const REGION = 'eu-central-1';
const PARTS = ['services, collectors', 'init', 'ingestor', 'archiver', 'doctor'] as const;
type Part = (typeof PARTS)[number];
/** The SASL user of a part, and its password. */
const userOf = (part: Part): string => part.replace(/\W.*/, '');

const closing: (() => Promise<unknown>)[] = [];
let directory: string;
let admin: Admin;
let region: Region;
/** For a super user, without login. */
let brokers: string[];
/** For users. */
let login: string;

beforeAll(async () => {
  directory = newDirectory();
  closing.push(async () => removeDirectory(directory));
  const tools = await installTools(() => {});
  const [kafka, gateway] = await Promise.all([
    startKafkaWithLogin(tools.kafkaLibs, `${directory}/kafka`),
    startGateway(tools, `${directory}/s3`, REGION),
  ]);
  closing.push(kafka.stop, gateway.server.stop);
  region = gateway.region;
  brokers = [kafka.endpoint];
  admin = plainKafka(brokers).admin();
  await admin.connect();
  closing.push(() => admin.disconnect());
  await admin.createAcls({ acl: readRules() });
});
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startKafkaWithLogin(libs: string, folder: string): Promise<Server> {
  mkdirSync(folder, { recursive: true });
  const config = `${folder}/server.properties`;
  const users = PARTS.map(userOf).map((user) => `user_${user}="${user}"`);
  return onFreePorts(3, [], async ([plain, controller, withLogin]) => {
    login = `127.0.0.1:${withLogin}`;
    const addresses = `PLAINTEXT://127.0.0.1:${plain},LOGIN://${login}`;
    const properties = {
      ...SINGLE_NODE_PROPERTIES,
      'listener.security.protocol.map':
        'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_PLAINTEXT',
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      listeners: `${addresses},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': addresses,
      'sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.login.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${users.join(' ')};`,
      'log.dirs': `${folder}/data`,
    };
    const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(config, lines.join(''));
    const java = ['-Xmx512m', '-XX:+UseSerialGC', '-cp', `${libs}/*`];
    const format = ['format', '--ignore-formatted', '--cluster-id', 'AAAAAAAAAAAAAAAAAAAAAA'];
    const tool = ['kafka.tools.StorageTool', ...format, '--config', config];
    await promisify(execFile)('java', [...java, ...tool]);
    const endpoint = `127.0.0.1:${plain}`;
    return startServer({
      name: 'kafka',
      endpoint,
      command: 'java',
      args: [...java, 'kafka.Kafka', config],
      logFile: `${folder}/kafka.log`,
      pidFile: `${folder}/pid`,
      graceMs: 10_000,
      readyMs: 60_000,
      probe: () => kafkaAnswers([endpoint]),
    });
  });
}

/** The table of docs/sre.md as access rules; init is run with the ingestor's besides its own. */
function readRules(): AclEntry[] {
  const own = PARTS.flatMap((part) => rulesOf(part, part));
  return [...own, ...rulesOf('ingestor', 'init')];
}

function rulesOf(part: Part, user: Part): AclEntry[] {
  const lines = readFileSync(`${ROOT}/docs/sre.md`, 'utf8').replaceAll(/`(init|doctor)`/g, '$1');
  const row = lines.split('\n').find((line) => line.startsWith(`| ${part}`));
  const cells = row?.split('|').slice(2, 6) ?? [];
  expect(cells).toHaveLength(4);
  const { TOPIC, GROUP, TRANSACTIONAL_ID, CLUSTER } = kafkajs.AclResourceTypes;
  return cells.flatMap((cell, column) => {
    const type = [TOPIC, GROUP, TRANSACTIONAL_ID, CLUSTER][column] as number;
    const text =
      type === CLUSTER && cell.trim() !== '' ? `\`kafka-cluster\`: ${cell.trim()}` : cell;
    // `name`, `name`: Operation, Operation
    return [...text.matchAll(/((?:`[^`]+`(?:, )?)+): ([A-Za-z]+(?:, [A-Za-z]+)*)/g)].flatMap(
      ([, names, operations]) =>
        [...(names ?? '').matchAll(/`([^`]+)`/g)].flatMap(([, name]) =>
          (operations ?? '').split(', ').map((each) => allow(user, type, name ?? '', each)),
        ),
    );
  });
}

function allow(user: Part, resourceType: number, name: string, operation: string): AclEntry {
  const { LITERAL, PREFIXED } = kafkajs.ResourcePatternTypes;
  const constant = operation.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
  return {
    resourceType,
    resourceName: name.replace('…', ''),
    resourcePatternType: name.endsWith('…') ? PREFIXED : LITERAL,
    principal: `User:${userOf(user)}`,
    host: '*',
    operation: kafkajs.AclOperationTypes[constant as 'READ'],
    permissionType: kafkajs.AclPermissionTypes.ALLOW,
  };
}

const environmentOf = (part: Part): Record<string, string> => ({
  ...keyFiles(`${directory}/keys`, 'local'),
  ...toEnvironment({ kafkaBrokers: [login], regions: [region] }),
  AUTHSEAL_DEPLOYMENT: 'local',
  AUTHSEAL_RETENTION: '1d',
  AUTHSEAL_LINGER: '200ms',
  AUTHSEAL_SESSION_TIMEOUT: '6s',
  AUTHSEAL_KAFKA_SASL_MECHANISM: 'plain',
  AUTHSEAL_KAFKA_SASL_USERNAME: userOf(part),
  AUTHSEAL_KAFKA_SASL_PASSWORD: userOf(part),
});

async function emit(values: number): Promise<void> {
  const username = userOf('services, collectors');
  const kafka = new kafkajs.Kafka({
    brokers: [login],
    logLevel: kafkajs.logLevel.NOTHING,
    sasl: { mechanism: 'plain', username, password: username },
  });
  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  const messages = Array.from({ length: values }, (_, i) => ({ value: `${i}` }));
  await producer.send({ topic: 'auth-events', messages });
  await producer.disconnect();
}

const init = (...args: string[]) =>
  run('authseal-ingestor', ['init', ...args], environmentOf('init'));

describe('with the access rules of docs/sre.md and no others', () => {
  it('init creates the topics, and follows when partitions were added', async () => {
    const first = await init('--partitions', '1');
    expect(first.stdout + first.stderr).toContain('auth-events: 1 logs, 1 begun now');
    await admin.createPartitions({ topicPartitions: [{ topic: 'auth-events', count: 2 }] });
    const second = await init();
    expect(second.stdout + second.stderr).toContain('auth-events: 2 logs, 1 begun now');
  });

  it('events are sent, sealed and archived, and a lost state is found again', async () => {
    await emit(10);
    const services = `${directory}/services`;
    const ingestor = await startIngestor(services, environmentOf('ingestor'));
    closing.push(ingestor.stop);
    const archiver = await startArchiver(services, environmentOf('archiver'), REGION);
    closing.push(archiver.stop);
    expect((await expectExactlyOnce(brokers, 'auth-events', [region])).records).toBe(10);

    await ingestor.stop();
    await admin.deleteGroups(['authseal-ingestor.state']);
    await emit(10);
    await ingestor.restart();
    expect((await expectExactlyOnce(brokers, 'auth-events', [region])).records).toBe(20);
    const { groups } = await admin.listGroups();
    expect(groups.filter(({ groupId }) => groupId.startsWith('authseal-read-'))).toEqual([]);
    for (const { logFile } of [ingestor, archiver]) {
      expect(readFileSync(logFile as string, 'utf8')).not.toMatch(/authoriz/i);
    }
    await ingestor.stop();
  });

  it('the logs are closed', async () => {
    const { stdout, stderr } = await run('authseal-ingestor', ['close'], environmentOf('ingestor'));
    expect(stdout + stderr).toContain('all logs are closed');
  });

  it('who lacks a right is told so at once', async () => {
    const asDoctor = { ...environmentOf('doctor'), AUTHSEAL_EVENTS_TOPIC: 'another' };
    const { code, stderr } = await run('authseal-ingestor', ['init'], asDoctor);
    expect(code).toBe(1);
    expect(stderr).toMatch(/another could not be created: .*authorization failed/i);
  });

  it('doctor sees the topics and the rules, and finds that init still has its rights', async () => {
    const { stdout } = await run('authseal', ['doctor', '--json'], environmentOf('doctor'));
    const { checks } = JSON.parse(stdout) as { checks: Record<string, string>[] };
    const failed = checks.filter(({ place, result }) => place === 'kafka' && result === 'fail');
    expect(failed.map(({ check, detail }) => [check, detail?.match(/User:\w+/g)])).toEqual([
      ['auth-batches: nobody may delete or alter it', ['User:init']],
      ['auth-batches: only the ingestor writes', ['User:ingestor', 'User:init']],
    ]);
  });
});
