/**
 * One server as a process of ours: started on a tether, watched until ready, and open to the faults
 * that tests inject (kill, pause, restart), each server apart from the others.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DeployError } from './error.ts';
import { inTime } from './in-time.ts';
import { identify, isStopped, readPidFile, send, writePidFile } from './process-identity.ts';
import type { TetherMessage, TetherOrder } from './tether.ts';

/** A running server, whatever runs it: a native process or a container. */
export type Server = {
  /** `kafka`, `s3-<region>`, `ingestor`, `archiver-<region>`. */
  readonly name: string;
  /** The server's own process id; another one after `restart`. 0 when it runs in a container. */
  readonly pid: number;
  /** `host:port` of Kafka, else an http URL. The same after `restart`. */
  readonly endpoint: string;
  /** What the server printed, or null when its container keeps it. */
  readonly logFile: string | null;
  /** Sends a signal. Resolves at once for SIGSTOP and SIGCONT, else when the server is gone. */
  kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  /** Starts the server again, same port, same data, and waits until it is ready. Stops it first if it runs. */
  restart(): Promise<void>;
  /** Ends the server in good order, by force after the grace time. Resolves when it is gone. */
  stop(): Promise<void>;
};

/** How to run a server natively. */
export type ServerSpec = {
  name: string;
  endpoint: string;
  command: string;
  args: string[];
  /** Default: this process's environment. */
  environment?: NodeJS.ProcessEnv;
  logFile: string;
  /** Names the server's process, so that one left over from a stack that died can be ended. */
  pidFile: string;
  /** Milliseconds that SIGTERM may take before SIGKILL follows. */
  graceMs: number;
  /** Milliseconds in which it must become ready. */
  readyMs: number;
  /** Resolves when the server is ready, rejects while it is not. Called again and again. */
  probe: () => Promise<void>;
};

const TETHER = fileURLToPath(new URL('./tether.ts', import.meta.url));

/** Pause between two looks at a server that is starting. */
const PROBE_INTERVAL_MS = 50;

/** A probe that takes longer has failed. */
const PROBE_TIMEOUT_MS = 5_000;

/** Lines of a server's log shown in an error. */
const LOG_TAIL_LINES = 30;

/**
 * Starts a server and waits until it is ready.
 * @throws DeployError SERVER_DIED or SERVER_NOT_READY, with the end of the server's log.
 */
export async function startServer(spec: ServerSpec): Promise<Server> {
  let running = await launch(spec);

  const server: Server = {
    name: spec.name,
    get pid() {
      return running.pid;
    },
    endpoint: spec.endpoint,
    logFile: spec.logFile,
    async kill(signal) {
      if (running.exit() !== null || !send(running.pid, signal)) return;
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await running.ended();
      if (signal === 'SIGSTOP') while (!isStopped(running.pid)) await sleep(1);
    },
    async restart() {
      await server.stop();
      running = await launch(spec);
    },
    async stop() {
      running.tether.kill('SIGTERM');
      await running.ended();
    },
  };
  return server;
}

type Running = {
  pid: number;
  tether: ChildProcess;
  /** How the server ended, or null while it runs. */
  exit(): string | null;
  /** Resolves when the server is gone. */
  ended(): Promise<void>;
};

async function launch(spec: ServerSpec): Promise<Running> {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  await endLeftover(spec.pidFile);
  const logStart = existsSync(spec.logFile) ? statSync(spec.logFile).size : 0;
  const running = await tethered(spec);
  writePidFile(spec.pidFile, running.pid);
  try {
    await untilReady(spec, running, logStart);
  } catch (error) {
    running.tether.kill('SIGTERM');
    await running.ended();
    throw error;
  }
  // The event loop of a parent that forgot to stop its servers may end: the tethers then end them.
  running.tether.unref();
  running.tether.channel?.unref();
  return running;
}

async function endLeftover(pidFile: string): Promise<void> {
  const leftover = readPidFile(pidFile);
  if (leftover === null) return;
  send(leftover.pid, 'SIGKILL');
  while (identify(leftover.pid) !== null) await sleep(10);
}

async function tethered(spec: ServerSpec): Promise<Running> {
  const order: TetherOrder = {
    command: spec.command,
    args: spec.args,
    logFile: spec.logFile,
    graceMs: spec.graceMs,
  };
  const tether = spawn(process.execPath, [TETHER, JSON.stringify(order)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: spec.environment ?? process.env,
  });
  let pid = 0;
  let exit: string | null = null;
  tether.on('message', (message: TetherMessage) => {
    if ('pid' in message) pid = message.pid;
    else exit = message.exit;
  });
  tether.on('exit', () => {
    if (exit !== null) return;
    exit = 'lost its tether';
    if (pid !== 0) send(pid, 'SIGKILL');
  });
  await Promise.race([once(tether, 'message'), once(tether, 'exit')]);
  return {
    pid,
    tether,
    exit: () => exit,
    async ended() {
      // Not by an event: the tether is unreferenced, and this must keep a parent's event loop alive.
      while (exit === null || identify(pid) !== null) await sleep(10);
    },
  };
}

async function untilReady(spec: ServerSpec, running: Running, logStart: number): Promise<void> {
  const deadline = Date.now() + spec.readyMs;
  for (;;) {
    const exit = running.exit();
    if (exit !== null) {
      throw new DeployError('SERVER_DIED', `${spec.name} ${exit}. ${logTail(spec, logStart)}`);
    }
    try {
      return await inTime(spec.probe(), PROBE_TIMEOUT_MS);
    } catch (cause) {
      if (Date.now() > deadline) {
        throw new DeployError(
          'SERVER_NOT_READY',
          `${spec.name} at ${spec.endpoint} was not ready within ${spec.readyMs / 1000} s: ${cause}. ${logTail(spec, logStart)}`,
          { cause },
        );
      }
    }
    await sleep(PROBE_INTERVAL_MS);
  }
}

function logTail(spec: ServerSpec, from: number): string {
  const lines = readFileSync(spec.logFile).subarray(from).toString().trimEnd().split('\n');
  return `The end of ${spec.logFile}:\n${lines.slice(-LOG_TAIL_LINES).join('\n')}`;
}
