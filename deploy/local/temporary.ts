/** Folders of stacks that leave nothing behind: `.cache/stacks/<process id>-<number>`. */
import { globSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { CACHE } from './directories.ts';
import { identify, readPidFile, send } from './process-identity.ts';

const STACKS = `${CACHE}/stacks`;

const made = new Set<string>();
let number = 0;

/** A new folder named by our process id; folders of processes that are gone are removed first. */
export function newDirectory(): string {
  mkdirSync(STACKS, { recursive: true });
  for (const name of readdirSync(STACKS)) {
    if (identify(Number.parseInt(name, 10)) === null) remove(`${STACKS}/${name}`);
  }
  const directory = `${STACKS}/${process.pid}-${++number}`;
  made.add(directory);
  return directory;
}

/** Removes a folder whose servers have ended. */
export function removeDirectory(directory: string): void {
  remove(directory);
  made.delete(directory);
}

/**
 * Removes at once the folders that this process made and has not removed: for one that is told to
 * end before its stack is ready. What runs in them is killed, for it would write there again.
 */
export function removeUnfinished(): void {
  for (const directory of made) {
    for (const pidFile of globSync(`${directory}/**/{pid,*.pid}`)) {
      const left = readPidFile(pidFile);
      if (left !== null) send(left.pid, 'SIGKILL');
    }
    removeDirectory(directory);
  }
}

/** What was killed just now may write a last time. */
function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}
