/** Authseal's own services, run from their sources. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { ROOT } from './directories.ts';
import { DeployError } from './error.ts';
import { recall, remember } from './memory.ts';
import { onFreePorts } from './ports.ts';
import { type Server, startServer } from './server.ts';

const INGESTOR = `${ROOT}/ingestor/src/main.ts`;
const ARCHIVER = `${ROOT}/archiver/src/main.ts`;

/** As in the images. */
const NODE_FLAGS = ['--max-semi-space-size=8'];

/** AUTHSEAL_ variables. */
export type Settings = Record<string, string>;

/**
 * Makes topics and first batches: `authseal-ingestor init`.
 * @throws DeployError INIT_FAILED with what it printed.
 */
export async function initialize(directory: string, settings: Settings): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const logFile = `${directory}/init.log`;
  const log = openSync(logFile, 'w');
  const child = spawn(process.execPath, [INGESTOR, 'init'], {
    stdio: ['ignore', log, log],
    env: serviceEnvironment(settings),
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code === 0) return;
  throw new DeployError(
    'INIT_FAILED',
    `authseal-ingestor init failed:\n${readFileSync(logFile, 'utf8').trimEnd()}`,
  );
}

export function startIngestor(directory: string, settings: Settings): Promise<Server> {
  return startService('ingestor', INGESTOR, directory, settings);
}

export function startArchiver(
  directory: string,
  settings: Settings,
  region: string,
): Promise<Server> {
  const forRegion = { ...settings, AUTHSEAL_REGION: region };
  return startService(`archiver-${region}`, ARCHIVER, directory, forRegion);
}

/** Starts a service on a loopback port, that of last time if it is free, and waits for its /readyz. */
function startService(
  name: string,
  main: string,
  directory: string,
  settings: Settings,
): Promise<Server> {
  const memory = `${directory}/${name}.port.json`;
  return onFreePorts(1, recall<number[]>(memory) ?? [], async ([port]) => {
    remember(memory, [port]);
    const endpoint = `http://127.0.0.1:${port}`;
    return startServer({
      name,
      endpoint,
      command: process.execPath,
      args: [...NODE_FLAGS, main],
      environment: serviceEnvironment({
        ...settings,
        AUTHSEAL_HTTP_HOST: '127.0.0.1',
        AUTHSEAL_HTTP_PORT: `${port}`,
      }),
      logFile: `${directory}/${name}.log`,
      pidFile: `${directory}/${name}.pid`,
      graceMs: 10_000,
      readyMs: 60_000,
      probe: () => serviceReady(endpoint),
    });
  });
}

/** Resolves when a service's /readyz says yes, rejects with its reasons otherwise. */
export async function serviceReady(endpoint: string): Promise<void> {
  const answer = await fetch(`${endpoint}/readyz`);
  if (!answer.ok) throw new Error(`/readyz answered ${answer.status}: ${await answer.text()}`);
}

/** This process's environment with these settings as the only AUTHSEAL_ variables: a service refuses others. */
function serviceEnvironment(settings: Settings): NodeJS.ProcessEnv {
  const surroundings = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('AUTHSEAL_'),
  );
  return { ...Object.fromEntries(surroundings), ...settings };
}
