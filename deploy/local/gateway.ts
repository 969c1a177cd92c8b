/** A region's S3 as a native process: versitygw over a folder, with versions, Object Lock and its own IAM. */
import { mkdirSync } from 'node:fs';
import { DeployError } from './error.ts';
import { recall, remember } from './memory.ts';
import { onFreePorts } from './ports.ts';
import { createBucket, newRegion, type Region } from './region.ts';
import { type Server, startServer } from './server.ts';
import type { Tools } from './tools.ts';

/** A region with the server that serves it. */
export type ServedRegion = { region: Region; server: Server };

/** Path that versitygw answers without a signature. No bucket can have this name. */
export const HEALTH_PATH = '/_health';

/** What versitygw keeps, apart from each other: current objects, older versions, accounts. */
export const FOLDERS = ['data', 'versions', 'iam'];

/**
 * Starts versitygw for a region, its data under `directory`, with the port (if free) and credentials
 * of last time, and makes its bucket.
 * @throws DeployError as `startServer`, or NO_EXTENDED_ATTRIBUTES.
 */
export async function startGateway(
  tools: Tools,
  directory: string,
  name: string,
): Promise<ServedRegion> {
  const memory = `${directory}/region.json`;
  const known = recall<Region>(memory);
  const ports = known === null ? [] : [Number(new URL(known.endpoint).port)];
  return onFreePorts(1, ports, async ([port]) => {
    const endpoint = `http://127.0.0.1:${port}`;
    const region = known === null ? newRegion(name, endpoint) : { ...known, endpoint };
    remember(memory, region);
    const server = await startVersitygw(tools, directory, region);
    await createBucket(region);
    return { region, server };
  });
}

async function startVersitygw(tools: Tools, directory: string, region: Region): Promise<Server> {
  for (const folder of FOLDERS) mkdirSync(`${directory}/${folder}`, { recursive: true });
  try {
    return await startServer({
      name: `s3-${region.name}`,
      endpoint: region.endpoint,
      command: tools.versitygw,
      args: versitygwArgs(region, new URL(region.endpoint).host, directory),
      environment: { ...process.env, ...versitygwEnvironment(region) },
      logFile: `${directory}/versitygw.log`,
      pidFile: `${directory}/pid`,
      graceMs: 5_000,
      readyMs: 20_000,
      probe: async () => {
        const answer = await fetch(`${region.endpoint}${HEALTH_PATH}`);
        if (!answer.ok) throw new Error(`${HEALTH_PATH} answered ${answer.status}`);
      },
    });
  } catch (error) {
    if (error instanceof DeployError && /xattr/i.test(error.message)) {
      throw new DeployError(
        'NO_EXTENDED_ATTRIBUTES',
        `The file system of ${directory} keeps no extended attributes, in which versitygw stores locks. Move the checkout to one that does (ext4, xfs, btrfs, apfs).`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** The arguments of versitygw, listening at `address`, with its {@link FOLDERS} in `directory`. */
export function versitygwArgs(region: Region, address: string, directory: string): string[] {
  return [
    ...['--port', address],
    ...['--region', region.name],
    ...['--iam-dir', `${directory}/iam`],
    ...['--health', HEALTH_PATH],
    '--quiet',
    'posix',
    ...['--versioning-dir', `${directory}/versions`],
    `${directory}/data`,
  ];
}

/** The credentials of versitygw's root account: not as arguments, which every user of a machine can read. */
export function versitygwEnvironment(region: Region): Record<string, string> {
  return { ROOT_ACCESS_KEY_ID: region.accessKeyId, ROOT_SECRET_ACCESS_KEY: region.secretAccessKey };
}
