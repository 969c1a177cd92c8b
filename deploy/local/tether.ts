/**
 * Runs one server and ends it when the process that asked for it is gone, however that ended.
 *
 *   parent ──(IPC channel)──▶ tether ──(child process)──▶ server
 *
 * The operating system closes the channel when the parent dies, also by SIGKILL; the tether then
 * sends SIGTERM to the server, and SIGKILL after a grace time. The tether leads a process group of
 * its own, so neither Ctrl-C nor `kill -9 -<group>` on the parent reaches it before its work is done.
 *
 * Covered: death of the parent; death of the tether while the parent lives (the parent then kills
 * the server, see server.ts). Not covered: SIGKILL to parent and tether at the same instant; the
 * server then runs on until the next start in the same directory ends it.
 *
 * Argument 1: a {@link TetherOrder} as JSON. Sends {pid} once the server runs, {exit} when it ended.
 */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';

/** What to run, where its output goes (appended), and how long SIGTERM may take. */
export type TetherOrder = { command: string; args: string[]; logFile: string; graceMs: number };

/** What the tether tells its parent. `exit` is a sentence such as "exited with code 1". */
export type TetherMessage = { pid: number } | { exit: string };

const order = JSON.parse(process.argv[2] ?? '') as TetherOrder;
const log = openSync(order.logFile, 'a');
const server = spawn(order.command, order.args, { stdio: ['ignore', log, log] });

server.on('spawn', () => tell({ pid: server.pid as number }));
server.on('error', (error) => leave(`could not be started: ${error.message}`));
server.on('exit', (code, signal) =>
  leave(signal === null ? `exited with code ${code}` : `was ended by ${signal}`),
);
process.on('disconnect', end);
process.on('SIGTERM', end);
process.on('SIGINT', end);

function end(): void {
  server.kill('SIGTERM');
  server.kill('SIGCONT'); // a stopped process sees SIGTERM only when it goes on
  setTimeout(() => server.kill('SIGKILL'), order.graceMs).unref();
}

function leave(exit: string): void {
  tell({ exit }, () => process.exit());
}

function tell(message: TetherMessage, told: () => void = () => {}): void {
  // The parent may be gone: then nobody is left to tell.
  if (process.connected) process.send?.(message, told);
  else told();
}
