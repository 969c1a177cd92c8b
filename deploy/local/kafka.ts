/** Apache Kafka as native processes: KRaft, nodes that are broker and controller, on loopback. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
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

/** What differs where there are more nodes than one: each record on three of them. */
const SEVERAL_NODES_PROPERTIES: Readonly<Record<string, string>> = {
  'offsets.topic.replication.factor': '3',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.min.isr': '2',
  'min.insync.replicas': '2',
};

/** A node and its two ports on loopback. */
type Node = { id: number; broker: number; controller: number };

/**
 * Starts Kafka with its data under `directory`, formatted if it is new, on the ports of last time
 * where these are free: one node, or several, each broker and controller.
 * @throws DeployError as `startServer`; what had started is then stopped.
 */
export async function startKafka(
  tools: Tools,
  directory: string,
  brokers: number,
): Promise<Server[]> {
  const memory = `${directory}/ports.json`;
  return onFreePorts(2 * brokers, recall<number[]>(memory) ?? [], async (ports) => {
    remember(memory, ports);
    const nodes = Array.from(Array(brokers), (_, i) => ({
      id: i + 1,
      broker: ports[2 * i] as number,
      controller: ports[2 * i + 1] as number,
    }));
    const clusterId = newClusterId();
    const starts = nodes.map((node) =>
      startNode(
        tools,
        nodes.length === 1 ? directory : `${directory}/${node.id}`,
        node,
        nodes,
        clusterId,
      ),
    );
    try {
      return await Promise.all(starts);
    } catch (error) {
      await Promise.allSettled(starts.map(async (server) => (await server).stop()));
      throw error;
    }
  });
}

async function startNode(
  tools: Tools,
  directory: string,
  node: Node,
  nodes: readonly Node[],
  clusterId: string,
): Promise<Server> {
  const endpoint = `127.0.0.1:${node.broker}`;
  const configFile = `${directory}/server.properties`;
  const properties = {
    ...SINGLE_NODE_PROPERTIES,
    ...(nodes.length > 1 && SEVERAL_NODES_PROPERTIES),
    'node.id': `${node.id}`,
    'controller.quorum.voters': nodes
      .map(({ id, controller }) => `${id}@127.0.0.1:${controller}`)
      .join(','),
    listeners: `PLAINTEXT://${endpoint},CONTROLLER://127.0.0.1:${node.controller}`,
    'advertised.listeners': `PLAINTEXT://${endpoint}`,
    'log.dirs': `${directory}/data`,
  };
  mkdirSync(directory, { recursive: true });
  writeFileSync(configFile, toProperties(properties));
  const java = ['-cp', `${tools.kafkaLibs}/*`];
  if (!existsSync(`${directory}/data/meta.properties`)) {
    await format(java, configFile, directory, clusterId);
  }
  return startServer({
    name: nodes.length === 1 ? 'kafka' : `kafka-${node.id}`,
    endpoint,
    command: 'java',
    args: [...JVM_FLAGS, ...java, 'kafka.Kafka', configFile],
    logFile: `${directory}/kafka.log`,
    pidFile: `${directory}/pid`,
    graceMs: 10_000,
    readyMs: 60_000,
    probe: async () => {
      await listens(node.broker); // the admin client waits longer when it is refused
      await kafkaAnswers([endpoint]);
    },
  });
}

function newClusterId(): string {
  const id = randomBytes(16);
  id.writeUInt8(id.readUInt8() & 0x7f); // in base64 it must not begin with '-', like an option
  return id.toString('base64url');
}

async function format(
  java: string[],
  configFile: string,
  directory: string,
  clusterId: string,
): Promise<void> {
  const tool = ['kafka.tools.StorageTool', 'format', '--cluster-id', clusterId];
  const formatting = promisify(execFile)('java', [...java, ...tool, '--config', configFile]);
  if (formatting.child.pid !== undefined) {
    writePidFile(`${directory}/format.pid`, formatting.child.pid);
  }
  await formatting;
}

async function listens(port: number): Promise<void> {
  const socket = createConnection({ host: '127.0.0.1', port });
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
