/** The whole of Authseal on this machine: Kafka, S3 regions, keys, ingestor, an archiver per region. */
import { type Addresses, toEnvironment } from './environment.ts';
import { keyFiles } from './keys.ts';
import type { Server } from './server.ts';
import { type ServersOptions, startServers, toStandardError } from './servers.ts';
import { initialize, type Settings, startArchiver, startIngestor } from './services.ts';

/** What a local deployment sets where Authseal itself has no default, or one made for production. */
const LOCAL_SETTINGS: Settings = {
  AUTHSEAL_DEPLOYMENT: 'local',
  AUTHSEAL_RETENTION: '1d',
  AUTHSEAL_LINGER: '1s',
};

export type StackOptions = ServersOptions & {
  /** AUTHSEAL_ variables that win over the environment's and the local defaults. */
  settings?: Settings;
};

export type Stack = Addresses & {
  /** Where data, keys and logs are. */
  directory: string;
  /** Every setting of the services: also what the `authseal` command and a producer need. */
  environment: Settings;
  /** Each Kafka broker, then a server per region; empty when the environment gave the addresses. */
  servers: Server[];
  ingestor: Server;
  /** One per region, in the order of `regions`. */
  archivers: Server[];
  /** Ends the services, then the servers. */
  stop(): Promise<void>;
};

/**
 * Starts everything and returns when every part is ready. It ends with this process, however it ends.
 * @throws DeployError, see its codes; what had started is then stopped.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { report = toStandardError } = options;
  const servers = await startServers(options);
  const services: Promise<Server>[] = [];
  const stop = async () => {
    await Promise.allSettled(services.map(async (service) => (await service).stop()));
    await servers.stop();
  };
  try {
    const settings = {
      ...LOCAL_SETTINGS,
      ...authsealVariables(options.environment ?? process.env),
      ...toEnvironment(servers),
      ...options.settings,
    };
    const { directory } = servers;
    const environment = {
      ...keyFiles(`${directory}/keys`, settings.AUTHSEAL_DEPLOYMENT as string),
      ...settings,
    };
    report('Starting the ingestor and the archivers');
    const folder = `${directory}/services`;
    await initialize(folder, environment);
    services.push(
      startIngestor(folder, environment),
      ...servers.regions.map(({ name }) => startArchiver(folder, environment, name)),
    );
    const [ingestor, ...archivers] = await Promise.all(services);
    return {
      kafkaBrokers: servers.kafkaBrokers,
      regions: servers.regions,
      directory,
      environment,
      servers: servers.servers,
      ingestor: ingestor as Server,
      archivers,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function authsealVariables(environment: NodeJS.ProcessEnv): Settings {
  const found = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[0].startsWith('AUTHSEAL_') && Boolean(entry[1]),
  );
  return Object.fromEntries(found);
}
