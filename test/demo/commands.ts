/** Authseal's own commands, run as a person would: each a process with the stack's variables. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const source = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const COLLECT = source('producer-sdk/src/collect/cli.ts');
const AUTHSEAL = source('verifier/src/cli/main.ts');

type Variables = Record<string, string>;
export type Outcome = { status: number | null; out: string; err: string };

/** Ends the commands that run. */
export const ending = new AbortController();

/** Real logs in, events out. */
export function collect(kind: string, files: string[], variables: Variables): Promise<Outcome> {
  return run(COLLECT, [kind, ...files], variables);
}

/** The account of these logs, nothing sent and no event kept. */
export async function tryToCollect(kind: string, files: string[]): Promise<Outcome> {
  const child = start(COLLECT, [kind, '--dry-run', ...files], {}, ['ignore', 'pipe']);
  const err = text(child.stderr as NodeJS.ReadableStream);
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, out: '', err: await err };
}

export function authseal(args: string[], variables: Variables): Promise<Outcome> {
  return run(AUTHSEAL, args, variables);
}

/** The same, shown as it runs: its output goes where the demo's own goes. Resolves with its exit status. */
export async function showAuthseal(args: string[], variables: Variables): Promise<number | null> {
  const child = start(AUTHSEAL, args, variables, ['inherit', 'inherit']);
  const [status] = (await once(child, 'close')) as [number | null];
  return status;
}

async function run(command: string, args: string[], variables: Variables): Promise<Outcome> {
  const child = start(command, args, variables, ['pipe', 'pipe']);
  const [out, err, [status]] = await Promise.all([
    text(child.stdout as NodeJS.ReadableStream),
    text(child.stderr as NodeJS.ReadableStream),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { status, out, err };
}

type Output = 'inherit' | 'pipe' | 'ignore';

function start(
  command: string,
  args: string[],
  variables: Variables,
  [out, err]: [out: Output, err: Output],
) {
  const surroundings = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('AUTHSEAL_'),
  );
  return spawn(process.execPath, [command, ...args], {
    stdio: ['ignore', out, err],
    env: { ...Object.fromEntries(surroundings), ...variables },
    signal: ending.signal,
  });
}
