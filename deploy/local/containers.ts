/**
 * Kafka and a versitygw per region as containers of a Docker engine, where one answers. Testcontainers'
 * reaper ends them with their parent. They keep nothing: their data ends with them.
 */
import {
  GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
  Wait,
} from 'testcontainers';
import {
  FOLDERS,
  HEALTH_PATH,
  type ServedRegion,
  versitygwArgs,
  versitygwEnvironment,
} from './gateway.ts';
import { inTime } from './in-time.ts';
import { kafkaAnswers, SINGLE_NODE_PROPERTIES } from './kafka.ts';
import type { StartedServers } from './native.ts';
import { onFreePorts } from './ports.ts';
import { createBucket, newRegion } from './region.ts';
import type { Server } from './server.ts';
import { KAFKA_VERSION, VERSITYGW_VERSION } from './tools.ts';

const KAFKA_IMAGE = `apache/kafka:${KAFKA_VERSION}`;
const VERSITYGW_IMAGE = `versity/versitygw:v${VERSITYGW_VERSION}`;

/** What a Docker engine may take to answer; one on this machine answers in milliseconds. */
const ENGINE_TIMEOUT_MS = 3_000;

/** Ports inside the containers. */
const KAFKA_PORT = 9092;
const S3_PORT = 7070;

/**
 * Starts the servers as containers; null, and `report` told why, where no engine answers or it
 * cannot run them (an image cannot be pulled, say).
 */
export async function startContainers(
  regionNames: string[],
  report: (line: string) => void,
): Promise<StartedServers | null> {
  const host = await engineHost();
  if (host === null) return null;
  report(`Starting ${KAFKA_IMAGE} and ${VERSITYGW_IMAGE} (${regionNames.join(', ')}) with Docker`);
  const kafka = startKafkaContainer(host);
  const served = regionNames.map((name) => startGatewayContainer(host, name));
  try {
    const [kafkaServer, ...servedRegions] = await Promise.all([kafka, ...served]);
    return { kafka: [kafkaServer], served: servedRegions };
  } catch (error) {
    report(`Docker answers, but its containers do not start: ${error}. Native processes instead`);
    const started = [kafka, ...served.map(async (region) => (await region).server)];
    await Promise.allSettled(started.map(async (server) => (await server).stop()));
    return null;
  }
}

/** The name under which ports of containers are reached, or null when no engine answers in time. */
async function engineHost(): Promise<string | null> {
  try {
    const client = await inTime(getContainerRuntimeClient(), ENGINE_TIMEOUT_MS);
    return client.info.containerRuntime.host;
  } catch {
    return null;
  }
}

function startKafkaContainer(host: string): Promise<Server> {
  return onFreePorts(1, [], async ([port = 0]) => {
    const endpoint = `${host}:${port}`;
    const properties = {
      ...SINGLE_NODE_PROPERTIES,
      'controller.quorum.voters': '1@127.0.0.1:9093',
      listeners: `PLAINTEXT://0.0.0.0:${KAFKA_PORT},CONTROLLER://127.0.0.1:9093`,
      'advertised.listeners': `PLAINTEXT://${endpoint}`,
    };
    const container = await new GenericContainer(KAFKA_IMAGE)
      .withExposedPorts({ container: KAFKA_PORT, host: port })
      .withEnvironment(
        // The image reads `a.b.c` from KAFKA_A_B_C.
        Object.fromEntries(
          Object.entries(properties).map(([key, value]) => [
            `KAFKA_${key.toUpperCase().replaceAll('.', '_')}`,
            value,
          ]),
        ),
      )
      .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
      .start();
    await kafkaAnswers([endpoint]);
    return asServer('kafka', endpoint, container);
  });
}

function startGatewayContainer(host: string, name: string): Promise<ServedRegion> {
  return onFreePorts(1, [], async ([port = 0]) => {
    const region = newRegion(name, `http://${host}:${port}`);
    const folders = FOLDERS.map((folder) => `/s3/${folder}`).join(' ');
    const container = await new GenericContainer(VERSITYGW_IMAGE)
      .withExposedPorts({ container: S3_PORT, host: port })
      .withEnvironment(versitygwEnvironment(region))
      .withEntrypoint(['sh', '-c', `mkdir -p ${folders} && exec versitygw "$@"`, 'versitygw'])
      .withCommand(versitygwArgs(region, `:${S3_PORT}`, '/s3'))
      .withWaitStrategy(Wait.forHttp(HEALTH_PATH, S3_PORT))
      .start();
    await createBucket(region);
    return { region, server: asServer(`s3-${name}`, region.endpoint, container) };
  });
}

function asServer(name: string, endpoint: string, container: StartedTestContainer): Server {
  return {
    name,
    pid: 0,
    endpoint,
    logFile: null,
    async kill(signal) {
      const { container: engine } = await getContainerRuntimeClient();
      const target = engine.getById(container.getId());
      await target.kill({ signal });
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await target.wait();
    },
    restart: () => container.restart({ timeout: 10_000 }),
    async stop() {
      await container.stop({ timeout: 10_000 });
    },
  };
}
