/** A script of this folder in a process of its own, which tells what it did. */
import { ROOT, runAny } from '../plain/commands.ts';

export type Spent = {
  /** Seconds from the moment that it began its work, once it was started and connected, to its end. */
  readonly wall: number;
  /** CPU seconds, from the start of the process. */
  readonly cpu: number;
};

/** When a script's work began and when it ended, milliseconds since 1970. */
type Times = { readonly from: number; readonly to: number };

/** @param script ends with endScript; what it tells comes back with what it cost */
export async function runScript<Told = object>(
  script: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Promise<Spent & Times & Told> {
  const path = `${ROOT}/test/bench/${script}`;
  const { code, stdout, stderr } = await runAny(process.execPath, [path, ...args], environment);
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) as string);
}

/**
 * Says what this process has cost, and what else it has to tell, and ends it: connections would keep it.
 * @param began when its work began, as performance.now() has it
 */
export function endScript(began: number, told: object = {}): never {
  const { timeOrigin } = performance;
  const [from, to] = [timeOrigin + began, timeOrigin + performance.now()];
  const { user, system } = process.cpuUsage();
  const spent: Spent & Times = { wall: (to - from) / 1000, cpu: (user + system) / 1e6, from, to };
  process.stdout.write(`${JSON.stringify({ ...spent, ...told })}\n`);
  process.exit(0);
}
