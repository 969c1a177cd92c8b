/** What a process has cost so far, as Linux tells it. */
import { readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second for every architecture that Node runs on. */
const TICKS_A_SECOND = 100;

/** CPU seconds of all its threads, user and system. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name in parentheses may hold spaces; what follows is counted from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** The most that it was seen to hold, MiB. */
export function peakMemory(pid: number): number {
  const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kibibytes) / 1024);
}
