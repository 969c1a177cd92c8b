/** Apache Kafka as a native process: KRaft, one node that is broker and controller, on loopback. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { promisify } from 'node:util';
import { createLogger } from '@authseal/runtime';
import { KafkaAdmin } from '@authseal/runtime/kafka';
import { recall, remember } from './memory.ts';
import { onFreePorts } from './ports.ts';
import { writePidFile } from './process-identity.ts';
import { type Server, startServer } from './server.ts';
import type { Tools } from './tools.ts';

/** What a single node for development needs to differ from Kafka's defaults; why, where it is not plain. */
export const SINGLE_NODE_PROPERTIES: Readonly<Record<string, string>> = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'PLAINTEXT',
  'auto.create.topics.enable': 'false',
  // Access rules can be made and looked at; on loopback everybody is nobody in particular, and may do all.
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '4', // each partition is a folder to open: fewer start faster
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '4',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'min.insync.replicas': '1',
  'group.initial.rebalance.delay.ms': '0',
  // After SIGKILL the node is let in again only when its old session is over (9 s by default).
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
  'group.min.session.timeout.ms': '1000', // lets tests see a dead consumer within seconds
};

/** Small, and quick to start; what it logs is what a reader of a failed test wants to see. */
const JVM_FLAGS = [
  '-Xms128m',
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
  '-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
  '-Dorg.slf4j.simpleLogger.log.org.apache.kafka.coordinator.group=info',
  '-Dorg.slf4j.simpleLogger.log.org.apache.kafka.coordinator.transaction=info',
];

/**
 * Starts Kafka with its data under `directory`, formatted if it is new, on the ports of last time
 * where these are free.
 * @throws DeployError as `startServer`.
 */
export async function startKafka(tools: Tools, directory: string): Promise<Server> {
  const memory = `${directory}/ports.json`;
  return onFreePorts(2, recall<number[]>(memory) ?? [], async ([broker, controller]) => {
    remember(memory, [broker, controller]);
    const endpoint = `127.0.0.1:${broker}`;
    const configFile = `${directory}/server.properties`;
    const properties = {
      ...SINGLE_NODE_PROPERTIES,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      listeners: `PLAINTEXT://${endpoint},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `PLAINTEXT://${endpoint}`,
      'log.dirs': `${directory}/data`,
    };
    writeFileSync(configFile, toProperties(properties));
    const java = ['-cp', `${tools.kafkaLibs}/*`];
    if (!existsSync(`${directory}/data/meta.properties`)) await format(java, configFile, directory);
    return startServer({
      name: 'kafka',
      endpoint,
      command: 'java',
      args: [...JVM_FLAGS, ...java, 'kafka.Kafka', configFile],
      logFile: `${directory}/kafka.log`,
      pidFile: `${directory}/pid`,
      graceMs: 10_000,
      readyMs: 60_000,
      probe: async () => {
        await listens(broker); // the admin client waits longer when it is refused
        await kafkaAnswers([endpoint]);
      },
    });
  });
}

async function format(java: string[], configFile: string, directory: string): Promise<void> {
  const id = randomBytes(16);
  id.writeUInt8(id.readUInt8() & 0x7f); // in base64 it must not begin with '-', like an option
  const clusterId = id.toString('base64url');
  const tool = ['kafka.tools.StorageTool', 'format', '--cluster-id', clusterId];
  const formatting = promisify(execFile)('java', [...java, ...tool, '--config', configFile]);
  if (formatting.child.pid !== undefined) {
    writePidFile(`${directory}/format.pid`, formatting.child.pid);
  }
  await formatting;
}

async function listens(port: number | undefined): Promise<void> {
  const socket = createConnection({ host: '127.0.0.1', port: port ?? 0 });
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

/** Resolves when a broker answers the admin client, rejects with its error otherwise. */
export async function kafkaAnswers(kafkaBrokers: string[]): Promise<void> {
  const log = createLogger({ service: 'stack', deployment: 'local', level: 'silent' });
  const admin = await KafkaAdmin.connect({ kafkaBrokers, kafkaSsl: false }, 'authseal-stack', log);
  try {
    await admin.brokers();
  } finally {
    await admin.close();
  }
}

/** Java's properties format, in which a backslash must be doubled. */
function toProperties(properties: Record<string, string>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value.replaceAll('\\', '\\\\')}\n`)
    .join('');
}
