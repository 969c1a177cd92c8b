/**
 * The commands in one process, forked by arguments.test.ts: told which main file to run with which
 * arguments, it answers what became of that. Each run evaluates the command's own main file anew, so
 * what is fuzzed is what is installed. Nothing can connect: whatever tries is told in `connected`.
 */
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';

export type Run = { main: string; args: string[]; env: Record<string, string> };

export type Result = {
  status: number;
  stdout: string;
  stderr: string;
  connected: boolean;
  uncaught: string[];
};

/** Thrown where the process would end; nothing that a command does after it counts. */
class Exit extends Error {}

let status: number | null = null;
let connected = false;
const written = { stdout: '', stderr: '' };

for (const name of ['stdout', 'stderr'] as const) {
  process[name].write = ((text: string | Uint8Array) => {
    if (status === null) written[name] += Buffer.from(text as string).toString();
    return true;
  }) as typeof process.stdout.write;
}
process.exit = ((code?: number) => {
  status ??= Number(code ?? process.exitCode ?? 0);
  throw new Exit();
}) as typeof process.exit;
Socket.prototype.connect = function connect() {
  connected = true;
  throw new Error('nothing may connect');
} as typeof Socket.prototype.connect;
// Each run of a command listens anew.
process.setMaxListeners(0);
process.stdout.setMaxListeners(0);
process.stderr.setMaxListeners(0);

const outside = { ...process.env };
let runs = 0;

async function run({ main, args, env }: Run): Promise<Result> {
  status = null;
  connected = false;
  Object.assign(written, { stdout: '', stderr: '' });
  process.exitCode = undefined;
  process.argv = [process.execPath, main, ...args];
  for (const name of Object.keys(process.env)) if (!(name in outside)) delete process.env[name];
  Object.assign(process.env, env);
  Object.defineProperty(process, 'stdin', { value: Readable.from([]), configurable: true });
  const uncaught: string[] = [];
  try {
    runs += 1;
    await import(`${pathToFileURL(main)}?${runs}`);
  } catch (error) {
    if (!(error instanceof Exit)) uncaught.push(String((error as Error)?.stack ?? error));
  }
  return { status: status ?? Number(process.exitCode ?? 0), ...written, connected, uncaught };
}

process.on('message', async (message: Run) => process.send?.(await run(message)));
