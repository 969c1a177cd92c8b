import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { DeployError } from './error.ts';

/**
 * Ports are drawn from below the range from which systems take the source ports of outgoing
 * connections (from 32,768 on Linux, 49,152 elsewhere). Else, while a server is down for a restart,
 * a client's connection could take its port, or even connect to itself.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;

/** Draws before giving up; one in use is rare, a hundred in a row is not chance. */
const MAX_DRAWS = 100;

/** Starts to try when ports drawn as free are taken before their use. */
const MAX_STARTS = 5;

/**
 * Calls `start` with `count` free loopback ports: those remembered from last time if they are free,
 * else fresh ones, and again with fresh ones when a server died because its port was taken meanwhile.
 */
export async function onFreePorts<T>(
  count: number,
  remembered: number[],
  start: (ports: number[]) => Promise<T>,
): Promise<T> {
  const useRemembered = remembered.length === count && (await allFree(remembered));
  for (let attempt = 1; ; attempt++) {
    const ports = attempt === 1 && useRemembered ? remembered : await drawPorts(count);
    try {
      return await start(ports);
    } catch (error) {
      if (attempt === MAX_STARTS || !isPortRace(error)) throw error;
    }
  }
}

async function drawPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let draw = 0; draw < MAX_DRAWS && ports.size < count; draw++) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (await isFree(port)) ports.add(port);
  }
  if (ports.size === count) return [...ports];
  throw new DeployError(
    'NO_FREE_PORT',
    `No ${count} free ports between ${LOWEST_PORT} and ${HIGHEST_PORT} in ${MAX_DRAWS} draws. End other stacks: npm run stack:down`,
  );
}

async function allFree(ports: number[]): Promise<boolean> {
  return (await Promise.all(ports.map(isFree))).every(Boolean);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

function isPortRace(error: unknown): boolean {
  return (
    error instanceof DeployError &&
    error.code === 'SERVER_DIED' &&
    /address already in use|EADDRINUSE/i.test(error.message)
  );
}
