/** `npm run stack`, `stack:status`, `stack:down`: one stack per checkout, in `.cache/stack`. */
import { fork } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { CACHE, ROOT } from './directories.ts';
import { type Addresses, toShell } from './environment.ts';
import { DeployError } from './error.ts';
import { recall, remember } from './memory.ts';
import { type Part, partsOf, stateOf } from './parts.ts';
import { runs, send } from './process-identity.ts';
import { ownerOf, refuseSecond, toStandardError } from './servers.ts';
import { startStack } from './stack.ts';
import { table } from './table.ts';

/** What a person types for each command here: the scripts of the root's package.json. */
const USAGES: Record<string, string> = {
  up: 'npm run stack -- [options]',
  status: 'npm run stack:status -- [options]',
  down: 'npm run stack:down -- [options]',
};

const USED_WRONGLY = 2;

const program = new Command('stack')
  .description('The local stack of Authseal: Kafka, S3 regions, ingestor, an archiver per region.')
  .option('--directory <path>', 'where its data, keys and logs live', `${CACHE}/stack`)
  .configureHelp({
    commandUsage: (command) => USAGES[command.name()] ?? Object.values(USAGES).join(' | '),
    showGlobalOptions: true,
  })
  .showHelpAfterError()
  .exitOverride();

/** Paths inside the stack's directory. */
const directory = () => resolve(program.opts<{ directory: string }>().directory);
/** Shell assignments of every variable that services and commands need; there while the stack is ready. */
const envFile = () => `${directory()}/env`;
/** A {@link StackRecord}; there while the stack is ready. */
const recordFile = () => `${directory()}/stack.json`;
/** What a detached stack prints. */
const logFile = () => `${directory()}/stack.log`;

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
  refuseSecond(directory());
  forget();

  const stack = await startStack({ directory: directory(), report });
  remember(recordFile(), { addresses: stack, parts: partsOf(stack) } satisfies StackRecord);
  writeFileSync(envFile(), toShell(stack.environment), { mode: 0o600 });
  ready();

  await new Promise<void>((stop) => {
    const stay = setInterval(() => {}, 60_000);
    onSignal = () => {
      clearInterval(stay);
      stop();
    };
  });
  onSignal = abort;
  report('Stopping');
  forget();
  await stack.stop();
}

/** Lets another process serve, passes on what it reports, and leaves it when it is ready. */
async function startDetached() {
  refuseSecond(directory());
  mkdirSync(directory(), { recursive: true });
  const log = openSync(logFile(), 'w');
  const server = fork(fileURLToPath(import.meta.url), ['background', '--directory', directory()], {
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
  const record = recall<StackRecord>(recordFile());
  const owner = ownerOf(directory());
  if (owner === null || record === null) {
    process.exitCode = 1;
    if (owner !== null) return toStandardError(`The stack is starting (process ${owner.pid}).`);
    const died = record === null ? '' : ' The one that was started here is gone.';
    return toStandardError(`No stack runs.${died} Start it: npm run stack`);
  }
  const states = await Promise.all(record.parts.map((part) => stateOf(part, record.addresses)));
  if (states.some((state) => state !== 'ready')) process.exitCode = 1;
  const rows = record.parts.map(({ name, endpoint, process, logFile: log }, index) => [
    name,
    states[index] ?? '',
    endpoint,
    `${process?.pid ?? '-'}`,
    log === null ? '-' : shortened(log),
  ]);
  process.stdout.write(table([['part', 'state', 'address', 'pid', 'log'], ...rows]));
  process.stdout.write(`\nAddresses and keys as variables: . ${shortened(envFile())}\n`);
}

/** A path as one would type it in the checkout. */
function shortened(path: string): string {
  return path.startsWith(`${ROOT}/`) ? relative(ROOT, path) : path;
}

async function takeDown({ wipe }: { wipe?: true }) {
  const owner = ownerOf(directory());
  const parts = recall<StackRecord>(recordFile())?.parts ?? [];
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
  if (wipe) wipeOut();
}

/** Removes what a stack keeps, and nothing else that a directory given by hand may hold. */
function wipeOut() {
  if (!existsSync(directory())) return;
  for (const name of readdirSync(directory())) {
    if (/^(kafka|s3-.+|services|keys|owner|stack\.log)$/.test(name)) {
      rmSync(`${directory()}/${name}`, { recursive: true });
    }
  }
  if (readdirSync(directory()).length === 0) rmdirSync(directory());
}

function forget() {
  for (const file of [envFile(), recordFile()]) rmSync(file, { force: true });
}

program
  .command('up', { isDefault: true })
  .description('start the local stack and stay until Ctrl-C')
  .option('--detach', 'return when it is ready, and let it run')
  .action(({ detach }: { detach?: true }) =>
    detach ? startDetached() : serve(toStandardError, showStatus),
  );
program
  .command('status')
  .description('show the parts of the local stack; exit status 0 when all are ready, else 1')
  .action(async () => {
    await showStatus();
    process.exit(); // not waiting for parts that do not answer
  });
program
  .command('down')
  .description('end the local stack')
  .option('--wipe', 'and remove its data and keys')
  .action(takeDown);
program.command('background', { hidden: true }).action(serveInBackground);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USED_WRONGLY; // it has said why
  } else {
    if (!(error instanceof DeployError)) throw error;
    toStandardError(error.message);
    process.exitCode = 1;
  }
}
