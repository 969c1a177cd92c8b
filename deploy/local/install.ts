/** Installs a tool into a folder of its own, once, whoever asks and however many ask at once. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { DeployError } from './error.ts';

/** What a program says when asked for its version, first line; null when it cannot be run. */
export async function versionOf(command: string, args: string[]): Promise<string | null> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args);
    return `${stdout}${stderr}`.trim().split('\n')[0] ?? '';
  } catch {
    return null;
  }
}

export type Installation = {
  /** What goes on, for the reader: "Fetching …". */
  title: string;
  command: string;
  /** Given the folder to install into. */
  args: (target: string) => string[];
  environment?: (target: string) => Record<string, string>;
};

/**
 * Installs into a folder of its own and renames that into place, so that a folder at `destination`
 * is always whole. Of two processes that install at the same time, the later one's work is dropped.
 * @throws DeployError TOOL_INSTALL_FAILED with the end of the log, which stays beside `destination`.
 */
export async function install(
  destination: string,
  report: (line: string) => void,
  { title, command, args, environment }: Installation,
): Promise<void> {
  if (existsSync(destination)) return;
  mkdirSync(dirname(destination), { recursive: true });
  const target = mkdtempSync(`${destination}.`);
  const logFile = `${destination}.log`;
  const start = Date.now();
  const seconds = () => Math.round((Date.now() - start) / 1000);
  report(`${title} …`);
  const progress = setInterval(() => report(`${title} … ${seconds()} s`), 10_000);
  try {
    await run(command, args(target), environment?.(target) ?? {}, logFile);
    renameSync(target, destination);
    report(`${title}: done in ${seconds()} s`);
  } catch (error) {
    if (!existsSync(destination)) throw error;
  } finally {
    clearInterval(progress);
    rmSync(target, { recursive: true, force: true });
  }
}

async function run(
  command: string,
  args: string[],
  environment: Record<string, string>,
  logFile: string,
): Promise<void> {
  const log = openSync(logFile, 'w');
  const child = spawn(command, args, {
    cwd: dirname(logFile), // outside any Go module or Maven project of the surroundings
    env: { ...process.env, ...environment },
    stdio: ['ignore', log, log],
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (code === 0) return;
  throw new DeployError(
    'TOOL_INSTALL_FAILED',
    `${command} ${args.join(' ')} ended with ${signal ?? `code ${code}`}. The end of ${logFile}:\n${readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-30).join('\n')}`,
  );
}
