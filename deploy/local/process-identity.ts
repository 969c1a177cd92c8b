/** Knows a process again: by its id and when it started, since systems use ids again. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';

/** A process, as written to pid files. `started` is only compared, never read. */
export type ProcessIdentity = { pid: number; started: string };

/** The running process with this id; null when there is none, or it ended and only waits to be reaped. */
export function identify(pid: number): ProcessIdentity | null {
  const started = existsSync('/proc/self/stat') ? startedOnLinux(pid) : startedElsewhere(pid);
  return started === null ? null : { pid, started };
}

/** Whether the process still runs. */
export function runs(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** Sends a signal; false when the process is gone already. */
export function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Whether SIGSTOP has reached each of its threads, or it is gone. */
export function isStopped(pid: number): boolean {
  if (!existsSync('/proc/self/stat')) return !/^[^TZ]/.test(stateElsewhere(pid));
  return globSync(`/proc/${pid}/task/*/stat`).every((file) => {
    const [state] = fieldsOf(file);
    return state === undefined || /[TZ]/.test(state);
  });
}

/** Writes a running process's identity to a pid file. */
export function writePidFile(file: string, pid: number): void {
  writeFileSync(file, JSON.stringify(identify(pid)));
}

/** The process that a pid file names, if it still runs; null also when there is no such file. */
export function readPidFile(file: string): ProcessIdentity | null {
  if (!existsSync(file)) return null;
  const identity = JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity | null;
  return identity !== null && runs(identity) ? identity : null;
}

function startedOnLinux(pid: number): string | null {
  const fields = fieldsOf(`/proc/${pid}/stat`);
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
}

/** proc(5): after the name in parentheses come the state and, 19 fields on, the start in ticks since boot. Empty when it is gone. */
function fieldsOf(file: string): string[] {
  try {
    const stat = readFileSync(file, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

/** As ps shows it; empty when it is gone. */
function stateElsewhere(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', `${pid}`])
      .toString()
      .trim();
  } catch {
    return '';
  }
}

function startedElsewhere(pid: number): string | null {
  try {
    const [state, ...started] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', `${pid}`])
      .toString()
      .trim()
      .split(/\s+/);
    return state?.startsWith('Z') ? null : started.join(' ');
  } catch {
    return null;
  }
}
