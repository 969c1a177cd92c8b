import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { identify } from './process-identity.ts';

/** Starts servers in the directory given, prints their addresses and process ids, and stays. */
const SCRIPT = `
import { startServers } from '${new URL('./servers.ts', import.meta.url)}';
const { kafkaBrokers, regions, pids } = await startServers({
  environment: {},
  regions: ['eu-west-1'],
  directory: process.argv[1],
});
console.log(JSON.stringify({ addresses: { kafkaBrokers, regions }, pids }));
setInterval(() => {}, 1000);
`;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/authseal-parent-`);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function startParent() {
  const parent = spawn(
    process.execPath,
    ['--input-type=module', '--eval', SCRIPT, directory],
    { detached: true, stdio: ['ignore', 'pipe', 'inherit'] }, // leads a process group of its own
  );
  const died = once(parent, 'exit').then(([code]) => Promise.reject(new Error(`exit ${code}`)));
  const printed = once(createInterface(parent.stdout), 'line') as Promise<[string]>;
  const [line] = await Promise.race([printed, died]);
  died.catch(() => {}); // later on it shall die
  return { parent, ...(JSON.parse(line) as { addresses: unknown; pids: number[] }) };
}

describe('the end of a parent', () => {
  it('by kill -9 ends its servers; the next start finds their addresses and data again', async () => {
    const first = await startParent();
    expect(first.pids.map(identify)).not.toContain(null);
    process.kill(first.parent.pid as number, 'SIGKILL');
    await vi.waitUntil(() => first.pids.every((pid) => identify(pid) === null), 20_000);

    const second = await startParent();
    expect(second.addresses).toEqual(first.addresses);

    // The whole group at once, as a terminal or a CI runner that gives up does it.
    process.kill(-(second.parent.pid as number), 'SIGKILL');
    await vi.waitUntil(() => second.pids.every((pid) => identify(pid) === null), 20_000);
  });
});
