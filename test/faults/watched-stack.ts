/** A stack that a Prometheus with our rules watches, one region's store behind a proxy; what is done to it. */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  installKafkaTools,
  installPrometheus,
  type Server,
  type Servers,
  type Stack,
  startPrometheus,
  startServers,
  toEnvironment,
} from '@authseal/deploy/local';
import { expect, vi } from 'vitest';
import { Alerts, minutesAsSeconds, readRules } from '../plain/alerts.ts';
import { type Ended, run } from '../plain/commands.ts';
import { readTopic, sealedOffsets } from '../plain/topic.ts';
import { startFaultStack } from './load.ts';
import { S3Proxy } from './s3-proxy.ts';

const PATIENT = { timeout: 100_000, interval: 200 };
export const [NEAR, FAR] = ['eu-central-1', 'eu-west-1'] as const;
export const PARTITIONS = 8;

export type WatchedStack = Stack & {
  prometheus: Server;
  alerts: Alerts;
  broker: Server;
  /** The archiver of FAR, and what stands before its store. */
  far: Server;
  proxy: S3Proxy;
  /** Runs one of Kafka's own command line tools. */
  kafkaTool(command: string): Promise<string>;
  /** `kafka-delete-records.sh`: all of these partitions before these offsets. */
  deleteRecords(topic: string, before: { partition: number; offset: number }[]): Promise<void>;
  /** Waits until a region's archiver has taken all batches there are, while none is sealed. */
  archivedAll(region: string): Promise<void>;
  /** `authseal-ingestor recover --from-archive` */
  recover(...flags: string[]): Promise<Ended>;
};

/**
 * With heartbeats as much shorter as the durations of the rules, and two seconds more: that a log is
 * silent whose last record was deleted shows some seconds late.
 */
export async function startWatchedStack(): Promise<WatchedStack> {
  const report = (line: string) => process.stderr.write(`${line}\n`);
  const tools = await installPrometheus(report);
  const runTool = await installKafkaTools(report);
  const servers = await startServers({ report: () => {} });
  const proxy = await S3Proxy.before(servers.regions[1]?.endpoint as string);
  const environment = {
    ...toEnvironment(servers),
    AUTHSEAL_REGION_EU_WEST_1_ENDPOINT: proxy.endpoint,
  };
  const settings = { AUTHSEAL_HEARTBEAT: '3s', AUTHSEAL_LINGER: '1s' };
  const stack = await startFaultStack({ environment, settings });
  const rulesFile = `${servers.directory}/rules.yaml`;
  writeFileSync(rulesFile, minutesAsSeconds(readRules()));
  const prometheus = await startPrometheus({
    tools,
    directory: `${servers.directory}/prometheus`,
    rulesFile,
    jobs: { ingestor: [stack.ingestor], archiver: stack.archivers },
  });
  const kafkaTool = (command: string) => runTool(servers.kafkaBrokers, command);
  return {
    ...stack,
    prometheus,
    alerts: new Alerts(prometheus),
    broker: servers.servers.find(({ name }) => name.startsWith('kafka')) as Server,
    far: stack.archivers[1] as Server,
    proxy,
    kafkaTool,
    async deleteRecords(topic, before) {
      const file = `${servers.directory}/delete.json`;
      const partitions = before.map((each) => ({ topic, ...each }));
      writeFileSync(file, JSON.stringify({ version: 1, partitions }));
      await kafkaTool(`kafka-delete-records.sh --offset-json-file ${file}`);
    },
    async archivedAll(region) {
      const batches = await readTopic(stack.kafkaBrokers, 'auth-batches', 'committed');
      const ends = batches.map((records) => (records.at(-1)?.offset ?? -1) + 1);
      const end = ends.reduce((sum, offset) => sum + offset, 0);
      const state = `authseal-archiver-${region}.state`;
      await vi.waitFor(async () => {
        expect(await sealedOffsets(stack.kafkaBrokers, state, 'auth-batches')).toBe(end);
      }, PATIENT);
    },
    recover: (...flags) =>
      run('authseal-ingestor', ['recover', '--from-archive', ...flags], stack.environment),
    stop: () => stopAll(prometheus, stack, proxy, servers),
  };
}

async function stopAll(prometheus: Server, stack: Stack, proxy: S3Proxy, servers: Servers) {
  await prometheus.stop();
  await stack.stop();
  proxy.close();
  await servers.stop();
}

export const readyz = async ({ endpoint }: Server) => (await fetch(`${endpoint}/readyz`)).text();
export const logOf = ({ logFile }: Server) => readFileSync(logFile as string, 'utf8');
