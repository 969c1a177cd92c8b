/**
 * `node test/bench/peers/main.ts`: ours beside other logs that prove what they hold, appending the
 * same bytes in the same run. Go builds the peers, at the versions of go.mod.
 *
 * They give different promises, so a ratio is no ranking:
 *
 * - Ours (ours.ts) has on disk, one after the other, compressed objects of up to 4 MiB of entries,
 *   each with its signed checkpoint; one object can be verified alone. An entry also holds the
 *   record's key, headers and place in Kafka, some 80 bytes that the peers are not given. The made
 *   events are more alike than real ones: compressed, some 37 bytes of 245 are left. In service,
 *   Kafka makes a record durable before it is sealed; neither that nor S3 is measured here.
 * - Tessera (tessera/) has entries and hash tiles on disk, each batch synced before the next one,
 *   and signs a checkpoint over what is there each 100 ms at most. Nothing is compressed.
 * - immudb (immudb/) has transactions on disk, fsynced one by one, which a hash tree links; nothing
 *   is signed, and nothing compressed. As a key-value store it also indexes its keys, behind the
 *   commits.
 *
 * Exit status: 0 measured, 1 something failed, 2 usage or no Go.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { versionOf } from '../../../deploy/local/install.ts';
import { optionsOrUsage } from '../../plain/command-line.ts';
import { runAny } from '../../plain/commands.ts';
import { eventValue } from '../backlog.ts';
import { byTurns, type Figure, medianFigure, RESULTS, tellFigures } from '../figure.ts';
import { writeFramed } from '../framed-file.ts';
import { runScript } from '../script.ts';
import { readOptions, USAGE } from './options.ts';

const PROGRAMS = `${RESULTS}/programs`;

const PEERS = [
  { name: 'Tessera POSIX, batches of 256', program: 'tessera', batch: 256 },
  { name: 'Tessera POSIX, batches of 1024', program: 'tessera', batch: 1024 },
  { name: 'Tessera POSIX, batches of 4096', program: 'tessera', batch: 4096 },
  { name: 'immudb, transactions of 1000', program: 'immudb', batch: 1000 },
];

const { events, rounds } = optionsOrUsage(readOptions, USAGE);
await buildPeers();
const directory = mkdtempSync(`${RESULTS}/peers-`);
try {
  const file = `${directory}/records`;
  writeFramed(
    file,
    Array.from({ length: events }, (_, i) => eventValue(i)),
  );
  const figures: Figure[] = [];
  for (const peer of PEERS) {
    const pairs = await byTurns(
      rounds,
      () => inFolder((folder) => ours(file, folder)),
      () => inFolder((folder) => runPeer(peer, file, folder)),
    );
    figures.push(medianFigure(`peers, ${peer.name}`, 'entries/s', pairs));
  }
  tellFigures('peers', figures);
} finally {
  rmSync(directory, { recursive: true });
}

/** Ends the process where Go is missing. */
async function buildPeers(): Promise<void> {
  if ((await versionOf('go', ['version'])) === null) {
    process.stderr.write(
      'Go is missing, which builds the peers: apt-get install golang (1.24 or later), or brew install go\n',
    );
    process.exit(2);
  }
  mkdirSync(PROGRAMS, { recursive: true });
  process.stdout.write('Building Tessera and immudb with Go (a minute at the first time) …\n');
  const args = ['-C', import.meta.dirname, 'build', '-buildvcs=false', '-o', PROGRAMS, './...'];
  const { code, stderr } = await runAny('go', args);
  if (code !== 0) throw new Error(`go build ended with ${code}: ${stderr}`);
}

/** Each run begins in an empty folder, and what it wrote is gone before the next one. */
async function inFolder(append: (folder: string) => Promise<number>): Promise<number> {
  const folder = mkdtempSync(`${directory}/run-`);
  try {
    return await append(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function ours(file: string, folder: string): Promise<number> {
  const { wall, entries } = await runScript<{ entries: number }>('peers/ours.ts', [file, folder]);
  return rateOf(wall, entries);
}

async function runPeer(
  { program, batch }: (typeof PEERS)[number],
  file: string,
  folder: string,
): Promise<number> {
  const { code, stdout, stderr } = await runAny(`${PROGRAMS}/${program}`, [
    file,
    folder,
    `${batch}`,
  ]);
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`);
  const { seconds, entries } = JSON.parse(stdout);
  return rateOf(seconds, entries);
}

function rateOf(seconds: number, entries: number): number {
  if (entries !== events) throw new Error(`${entries} of ${events} records were appended`);
  return entries / seconds;
}
