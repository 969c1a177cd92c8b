/** `npm run stack`, `stack:status`, `stack:down`: one stack per checkout, in `.cache/stack`. */
import { fork } from 'node:child_process';
import { mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { CACHE, ROOT } from './directories.ts';
import { type Addresses, toShell } from './environment.ts';
import { DeployError } from './error.ts';
import { recall, remember } from './memory.ts';
import { type Part, partsOf, stateOf } from './parts.ts';
import { runs, send } from './process-identity.ts';
import { ownerOf, refuseSecond, toStandardError } from './servers.ts';
import { startStack } from './stack.ts';
import { table } from './table.ts';

const DIRECTORY = `${CACHE}/stack`;
/** Shell assignments of every variable that services and commands need; there while the stack is ready. */
const ENV_FILE = `${DIRECTORY}/env`;
/** A {@link StackRecord}; there while the stack is ready. */
const RECORD_FILE = `${DIRECTORY}/stack.json`;
/** What a detached stack prints. */
const LOG_FILE = `${DIRECTORY}/stack.log`;

/** A running stack, for the other commands. */
type StackRecord = { addresses: Addresses; parts: Part[] };

/** What the process behind `--detach` tells the one that started it. */
type Progress = { line: string } | { ready: true };

/** How long `down` waits for a stack to end in good order before it uses force. */
const DOWN_TIMEOUT_MS = 60_000;

/** Starts the stack, calls `ready`, and stays until a signal says to stop. */
async function serve(report: (line: string) => void, ready: () => void) {
  const abort = (): void => process.exit(1); // the tethers end what was started
  let onSignal = abort;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => onSignal());
  refuseSecond(DIRECTORY);
  forget();

  const stack = await startStack({ directory: DIRECTORY, report });
  remember(RECORD_FILE, { addresses: stack, parts: partsOf(stack) } satisfies StackRecord);
  writeFileSync(ENV_FILE, toShell(stack.environment), { mode: 0o600 });
  ready();

  await new Promise<void>((resolve) => {
    const stay = setInterval(() => {}, 60_000);
    onSignal = () => {
      clearInterval(stay);
      resolve();
    };
  });
  onSignal = abort;
  report('Stopping');
  forget();
  await stack.stop();
}

/** Lets another process serve, passes on what it reports, and leaves it when it is ready. */
async function startDetached() {
  refuseSecond(DIRECTORY);
  mkdirSync(DIRECTORY, { recursive: true });
  const log = openSync(LOG_FILE, 'w');
  const server = fork(fileURLToPath(import.meta.url), ['background'], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  });
  server.on('exit', () => {
    process.exitCode = 1;
  });
  server.on('message', async (progress: Progress) => {
    if ('line' in progress) return toStandardError(progress.line);
    server.disconnect();
    server.unref();
    await showStatus();
  });
}

/** Serves for `--detach`: reports to the process that started it, and does not outlive it before it is ready. */
async function serveInBackground() {
  const tell = (progress: Progress) => process.send?.(progress);
  const abort = () => process.exit(1);
  process.once('disconnect', abort);
  const report = (line: string) => {
    toStandardError(line);
    if (process.connected) tell({ line });
  };
  try {
    await serve(report, () => {
      process.off('disconnect', abort);
      tell({ ready: true });
    });
  } catch (error) {
    report(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
    process.disconnect();
  }
}

async function showStatus() {
  const record = recall<StackRecord>(RECORD_FILE);
  const owner = ownerOf(DIRECTORY);
  if (owner === null || record === null) {
    process.exitCode = 1;
    if (owner !== null) return toStandardError(`The stack is starting (process ${owner.pid}).`);
    const died = record === null ? '' : ' The one that was started here is gone.';
    return toStandardError(`No stack runs.${died} Start it: npm run stack`);
  }
  const states = await Promise.all(record.parts.map((part) => stateOf(part, record.addresses)));
  if (states.some((state) => state !== 'ready')) process.exitCode = 1;
  const rows = record.parts.map(({ name, endpoint, process, logFile }, index) => [
    name,
    states[index] ?? '',
    endpoint,
    `${process?.pid ?? '-'}`,
    logFile === null ? '-' : relative(ROOT, logFile),
  ]);
  process.stdout.write(table([['part', 'state', 'address', 'pid', 'log'], ...rows]));
  process.stdout.write(`\nAddresses and keys as variables: . ${relative(ROOT, ENV_FILE)}\n`);
}

async function takeDown({ wipe }: { wipe?: true }) {
  const owner = ownerOf(DIRECTORY);
  const parts = recall<StackRecord>(RECORD_FILE)?.parts ?? [];
  if (owner === null) {
    toStandardError('No stack runs.');
  } else {
    toStandardError(`Stopping the stack (process ${owner.pid})`);
    send(owner.pid, 'SIGTERM');
  }
  // The parts end with their owner, also if that died before.
  const processes = [owner, ...parts.map((part) => part.process)].filter((each) => each !== null);
  const deadline = Date.now() + DOWN_TIMEOUT_MS;
  while (processes.some(runs)) {
    if (Date.now() > deadline) for (const each of processes.filter(runs)) send(each.pid, 'SIGKILL');
    await sleep(50);
  }
  forget();
  if (wipe) rmSync(DIRECTORY, { recursive: true, force: true });
}

function forget() {
  for (const file of [ENV_FILE, RECORD_FILE]) rmSync(file, { force: true });
}

const program = new Command('stack').description('The local stack of Authseal.');
program
  .command('up', { isDefault: true })
  .description('start it and stay until Ctrl-C')
  .option('--detach', 'return when it is ready, and let it run')
  .action(({ detach }: { detach?: true }) =>
    detach ? startDetached() : serve(toStandardError, showStatus),
  );
program
  .command('status')
  .description('show its parts; exit status 0 when all are ready, else 1')
  .action(showStatus);
program
  .command('down')
  .description('end it')
  .option('--wipe', 'and remove its data and keys')
  .action(takeDown);
program.command('background', { hidden: true }).action(serveInBackground);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof DeployError)) throw error;
  toStandardError(error.message);
  process.exitCode = 1;
}
