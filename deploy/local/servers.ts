/**
 * Kafka and two S3 regions for whoever needs them: the demo, tests, benchmarks, `npm run stack`.
 * Taken from the environment, else from a Docker engine, else started as native processes.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { startContainers } from './containers.ts';
import { type Addresses, fromEnvironment } from './environment.ts';
import { DeployError } from './error.ts';
import { inTime } from './in-time.ts';
import { kafkaAnswers } from './kafka.ts';
import { startNative } from './native.ts';
import { type ProcessIdentity, readPidFile, writePidFile } from './process-identity.ts';
import { bucketAnswers } from './region.ts';
import type { Server } from './server.ts';
import { newDirectory, removeDirectory } from './temporary.ts';

/** The regions of the local stack unless others are asked for. */
const DEFAULT_REGIONS = ['eu-central-1', 'eu-west-1'];

/** What servers that the environment names may take to answer. */
const ANSWER_TIMEOUT_MS = 15_000;

export type ServersOptions = {
  /** Where data, ports and credentials live and stay. Default: a new folder that is removed at the end. */
  directory?: string;
  /** Names of regions to serve; not used when the environment gives addresses. */
  regions?: string[];
  /** Kafka brokers; several run as native processes only. Default: 1. Not used when the environment gives addresses. */
  brokers?: number;
  /** Where addresses may stand as AUTHSEAL_ variables. Default: this process's environment. */
  environment?: NodeJS.ProcessEnv;
  /** Told what goes on, a line at a time. Default: standard error. */
  report?: (line: string) => void;
};

export type Servers = Addresses & {
  /** Where data, ports, credentials and logs are. */
  directory: string;
  /** Each Kafka broker, then one server per region; empty when the environment gave the addresses. */
  servers: Server[];
  /** The servers' process ids now; empty when they are not native processes. */
  readonly pids: number[];
  /** Ends all that was started here. */
  stop(): Promise<void>;
};

/**
 * Starts the servers, or finds those that the environment names. They end with this process, however it ends.
 * @throws DeployError, see its codes.
 */
export async function startServers(options: ServersOptions = {}): Promise<Servers> {
  const { directory = newDirectory(), report = toStandardError } = options;
  const release = own(directory);
  try {
    const { addresses, servers } = await findServers(directory, options, report);
    return {
      ...addresses,
      directory,
      servers,
      get pids() {
        return servers.map(({ pid }) => pid).filter((pid) => pid !== 0);
      },
      async stop() {
        await Promise.all(servers.map((server) => server.stop()));
        release();
        if (options.directory === undefined) removeDirectory(directory);
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** Reports progress where it does not mix with a command's output. */
export function toStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function findServers(
  directory: string,
  { environment = process.env, regions = DEFAULT_REGIONS, brokers = 1 }: ServersOptions,
  report: (line: string) => void,
): Promise<{ addresses: Addresses; servers: Server[] }> {
  const given = fromEnvironment(environment);
  if (given !== null) {
    report('Using the Kafka and the S3 regions that the environment names');
    await allAnswer(given);
    return { addresses: given, servers: [] };
  }
  const { kafka, served } =
    (brokers === 1 ? await startContainers(regions, report) : null) ??
    (await startNative(directory, regions, brokers, report));
  return {
    addresses: {
      kafkaBrokers: kafka.map(({ endpoint }) => endpoint),
      regions: served.map(({ region }) => region),
    },
    servers: [...kafka, ...served.map(({ server }) => server)],
  };
}

async function allAnswer({ kafkaBrokers, regions }: Addresses): Promise<void> {
  const unreachable = (what: string) => (cause: unknown) => {
    throw new DeployError(
      'ADDRESS_UNREACHABLE',
      `${what}, given by the environment, does not answer: ${cause}. Start it, or unset AUTHSEAL_KAFKA_BROKERS and AUTHSEAL_REGIONS to get servers of your own.`,
      { cause },
    );
  };
  await Promise.all([
    inTime(kafkaAnswers(kafkaBrokers), ANSWER_TIMEOUT_MS).catch(
      unreachable(`Kafka at ${kafkaBrokers.join(',')}`),
    ),
    ...regions.map((region) =>
      inTime(bucketAnswers(region), ANSWER_TIMEOUT_MS).catch(
        unreachable(`Bucket ${region.bucket} at ${region.endpoint} (region ${region.name})`),
      ),
    ),
  ]);
}

/** The process that runs a stack in this directory, or null. */
export function ownerOf(directory: string): ProcessIdentity | null {
  return readPidFile(`${directory}/owner`);
}

/** @throws DeployError ALREADY_RUNNING when a stack runs in this directory. */
export function refuseSecond(directory: string): void {
  const owner = ownerOf(directory);
  if (owner === null) return;
  throw new DeployError(
    'ALREADY_RUNNING',
    `A stack runs already in ${directory}, started by process ${owner.pid}. Use it, or end it: npm run stack:down`,
  );
}

/** Takes a directory for this process until the returned function is called. */
function own(directory: string): () => void {
  refuseSecond(directory);
  const ownerFile = `${directory}/owner`;
  mkdirSync(directory, { recursive: true });
  writePidFile(ownerFile, process.pid);
  return () => rmSync(ownerFile, { force: true });
}
