/**
 * Kafka and two S3 regions for whoever needs them: the demo, tests, benchmarks, `npm run stack`.
 * Taken from the environment, else from a Docker engine, else started as native processes.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { startContainers } from './containers.ts';
import { CACHE } from './directories.ts';
import { type Addresses, fromEnvironment } from './environment.ts';
import { DeployError } from './error.ts';
import { kafkaAnswers } from './kafka.ts';
import { startNative } from './native.ts';
import { identify, readPidFile, writePidFile } from './process-identity.ts';
import { bucketAnswers } from './region.ts';
import type { Server } from './server.ts';

/** The regions of the local stack unless others are asked for. */
const DEFAULT_REGIONS = ['eu-central-1', 'eu-west-1'];

export type ServersOptions = {
  /** Where data, ports and credentials live and stay. Default: a new folder that is removed at the end. */
  directory?: string;
  /** Names of regions to serve; not used when the environment gives addresses. */
  regions?: string[];
  /** Where addresses may stand as AUTHSEAL_ variables. Default: this process's environment. */
  environment?: NodeJS.ProcessEnv;
  /** Told what goes on, a line at a time. Default: standard error. */
  report?: (line: string) => void;
};

export type Servers = Addresses & {
  /** Kafka, then one server per region; empty when the environment gave the addresses. */
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
  const given = fromEnvironment(options.environment ?? process.env);
  if (given !== null) {
    await allAnswer(given);
    return { ...given, servers: [], pids: [], stop: async () => {} };
  }
  const report = options.report ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const regionNames = options.regions ?? DEFAULT_REGIONS;
  const directory = options.directory ?? newDirectory();
  const release = own(directory);
  const remove = () => {
    if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
  };
  try {
    const { kafka, served } =
      (await startContainers(regionNames, report)) ??
      (await startNative(directory, regionNames, report));
    const servers = [kafka, ...served.map(({ server }) => server)];
    return {
      kafkaBrokers: [kafka.endpoint],
      regions: served.map(({ region }) => region),
      servers,
      get pids() {
        return servers.map(({ pid }) => pid).filter((pid) => pid !== 0);
      },
      async stop() {
        await Promise.all(servers.map((server) => server.stop()));
        release();
        remove();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
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
    kafkaAnswers(kafkaBrokers).catch(unreachable(`Kafka at ${kafkaBrokers.join(',')}`)),
    ...regions.map((region) =>
      bucketAnswers(region).catch(
        unreachable(`Bucket ${region.bucket} at ${region.endpoint} (region ${region.name})`),
      ),
    ),
  ]);
}

let started = 0;

/** A new folder named by our process id; folders of processes that are gone are removed first. */
function newDirectory(): string {
  const stacks = `${CACHE}/stacks`;
  mkdirSync(stacks, { recursive: true });
  for (const name of readdirSync(stacks)) {
    if (identify(Number.parseInt(name, 10)) === null) {
      rmSync(`${stacks}/${name}`, { recursive: true, force: true });
    }
  }
  return `${stacks}/${process.pid}-${++started}`;
}

/** Takes a directory for this process until the returned function is called. */
function own(directory: string): () => void {
  const ownerFile = `${directory}/owner`;
  const owner = readPidFile(ownerFile);
  if (owner !== null) {
    throw new DeployError(
      'ALREADY_RUNNING',
      `A stack runs already in ${directory}, started by process ${owner.pid}. Use it, or end it: npm run stack:down`,
    );
  }
  mkdirSync(directory, { recursive: true });
  writePidFile(ownerFile, process.pid);
  return () => rmSync(ownerFile, { force: true });
}
