/**
 * Topic settings that break a promise are refused at the start, by name, each with the command that
 * mends it: the very command is then run by Kafka's own tool.
 */
import { globSync, writeFileSync } from 'node:fs';
import { type Servers, startServers, toEnvironment } from '@authseal/deploy/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, run, runAny } from '../plain/commands.ts';
import { plainKafka } from '../plain/topic.ts';

const EVENTS = {
  'compression.type': 'gzip',
  'cleanup.policy': 'compact',
  'message.timestamp.type': 'CreateTime',
  'max.message.bytes': '2000000',
  'retention.ms': '86400000',
  'retention.bytes': '1000000000',
  'unclean.leader.election.enable': 'true',
};
const BATCHES = {
  'compression.type': 'lz4',
  'cleanup.policy': 'compact',
  'message.timestamp.type': 'CreateTime',
  'max.message.bytes': '1048576',
  'retention.ms': '604800000',
  'retention.bytes': '1000000000',
  'unclean.leader.election.enable': 'true',
};

// Kafka's own tools are among the jars that the local stack installed; with Docker they are not there.
const [jars] = globSync('.cache/tools/kafka-*/libs', { cwd: ROOT });

let servers: Servers;
let environment: Record<string, string>;
beforeAll(async () => {
  servers = await startServers({ report: () => {} });
  environment = {
    ...toEnvironment(servers),
    AUTHSEAL_DEPLOYMENT: 'local',
    AUTHSEAL_RETENTION: '1d',
    ...(await keysOf()),
  };
  const { code, stderr } = await run('authseal-ingestor', ['init'], environment);
  expect(code, stderr).toBe(0);
});
afterAll(() => servers?.stop());

async function keysOf(): Promise<Record<string, string>> {
  const file = `${servers.directory}/signing-key.pem`;
  const { stdout } = await run('authseal', ['keys', 'generate', file, '--name', 'local'], {});
  writeFileSync(`${servers.directory}/keys.vkeys`, stdout);
  return { AUTHSEAL_SIGNING_KEY: file, AUTHSEAL_KEYS: `${servers.directory}/keys.vkeys` };
}

/** What `kafka-configs.sh` runs, with its arguments. */
async function kafkaConfigs(command: string): Promise<void> {
  const [, ...args] = command.split(' ');
  const server = ['--bootstrap-server', servers.kafkaBrokers.join(',')];
  const java = ['-cp', `${ROOT}/${jars}/*`, 'kafka.admin.ConfigCommand', ...server, ...args];
  const { code, stdout, stderr } = await runAny('java', java);
  expect(code, stdout + stderr).toBe(0);
}

const change = (topic: string, settings: Record<string, string>) =>
  kafkaConfigs(
    `kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config ${Object.entries(
      settings,
    )
      .map(([name, value]) => `${name}=${value}`)
      .join(',')}`,
  );

describe.skipIf(jars === undefined)('topic settings that break a promise', () => {
  let commands: string[] = [];

  it('are refused at the start, each by name', async () => {
    await change('auth-events', EVENTS);
    await change('auth-batches', BATCHES);
    const { code, stderr, stdout } = await run('authseal-ingestor', [], environment);
    expect(code).not.toBe(0);
    const text = stdout + stderr;
    for (const [name, value] of Object.entries(EVENTS)) {
      expect(text).toContain(`auth-events has ${name}=${value}`);
    }
    for (const [name, value] of Object.entries(BATCHES)) {
      expect(text).toContain(`auth-batches has ${name}=${value}`);
    }
    commands = text.match(/kafka-configs\.sh --alter [\w .,=-]*[\w]/g) ?? [];
    expect(new Set(commands).size).toBeGreaterThanOrEqual(14);
  }, 60_000);

  it('are mended by the commands given', async () => {
    for (const command of new Set(commands)) await kafkaConfigs(command);
    const { code, stderr } = await run('authseal-ingestor', ['init'], environment);
    expect(code, stderr).toBe(0);
  }, 120_000);

  it('are refused, too, when there are fewer partitions for batches than for events', async () => {
    const admin = plainKafka(servers.kafkaBrokers).admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: 'auth-events', count: 9 }] });
    await admin.disconnect();
    const { code, stdout, stderr } = await run('authseal-ingestor', [], environment);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(
      /auth-batches has 8 partitions and auth-events 9.*authseal-ingestor init/,
    );
    expect((await run('authseal-ingestor', ['init'], environment)).code).toBe(0);
  }, 60_000);
});
