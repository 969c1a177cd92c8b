/** Authseal's commands, run as a person runs them: child processes, configured by the environment. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

const COMMANDS = {
  authseal: 'verifier/src/cli/main.ts',
  'authseal-collect': 'producer-sdk/src/collect/cli.ts',
  'authseal-ingestor': 'ingestor/src/main.ts',
  'authseal-archiver': 'archiver/src/main.ts',
} as const;

export type Ended = { code: number | null; stdout: string; stderr: string };

/** Runs one of Authseal's commands to its end. */
export function run(
  command: keyof typeof COMMANDS,
  args: readonly string[],
  environment: Record<string, string>,
): Promise<Ended> {
  return runAny(process.execPath, [`${ROOT}/${COMMANDS[command]}`, ...args], environment);
}

export async function runAny(
  command: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Ended> {
  const outside = Object.entries(process.env).filter(([name]) => !name.startsWith('AUTHSEAL_'));
  const env = { ...Object.fromEntries(outside), ...environment };
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return chunks;
  }) as [Buffer[], Buffer[]];
  const { promise, resolve: ended, reject } = Promise.withResolvers<number | null>();
  child.on('error', reject);
  child.on('close', ended);
  const code = await promise;
  return { code, stdout: `${Buffer.concat(stdout)}`, stderr: `${Buffer.concat(stderr)}` };
}

/** What `authseal verify --json` says. */
export type VerifyReport = {
  ok: boolean;
  logs: { origin: string; size: number; batches: number; root: string; regions: unknown[] }[];
  producers: { producer: string; events: number; signed: boolean; last: number }[];
  problems: { code: string; severity: string; origin: string; region: string }[];
};

export async function verify(
  environment: Record<string, string>,
  ...args: string[]
): Promise<{ code: number | null; report: VerifyReport }> {
  const { code, stdout, stderr } = await run(
    'authseal',
    ['verify', '--json', ...args],
    environment,
  );
  if (stdout === '')
    throw new Error(`authseal verify said nothing and ended with ${code}: ${stderr}`);
  return { code, report: JSON.parse(stdout) };
}
