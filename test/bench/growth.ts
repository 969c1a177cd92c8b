/**
 * Cost as a log grows and as partitions are added: flat, but for the logarithm in the hashes of a
 * header. The state of a log of 10^n entries is prepared, not sealed; partitions are real ones, all
 * in one ingestor. Each has a Kafka client of its own, which costs once, when it is opened: that is
 * told apart from what each event costs.
 */
import { generateKeyPairSync } from 'node:crypto';
import type { Stack } from '@authseal/deploy/local';
import {
  BatchBuilder,
  CompactRange,
  type LogHead,
  newLog,
  sha256,
  signerFromPem,
} from '@authseal/ledger';
import { recordOf } from './backlog.ts';
import { byTurns, type Figure, medianFigure, percentile, plainFigure } from './figure.ts';
import { SERVICES_A_PARTITION, sealByTurns } from './ingest.ts';

const SIZES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8];
const PARTITIONS = [1, 8, 64];
const ENTRIES = 10_000;
const REPEATS = 15;

export async function measureGrowth(
  stack: Stack,
  turns: { readonly events: number; readonly rounds: number },
): Promise<Figure[]> {
  const figures = [...(await measureSizes())];
  for (const partitions of PARTITIONS) {
    figures.push(...(await measurePartitions(stack, turns, partitions)));
  }
  return figures;
}

/** CPU time to start and to open partitions, with a few events in each; and of each event above these. */
async function measurePartitions(
  stack: Stack,
  turns: { readonly events: number; readonly rounds: number },
  partitions: number,
): Promise<Figure[]> {
  const few = partitions * SERVICES_A_PARTITION;
  const started = await sealByTurns(stack, { ...turns, events: few }, partitions);
  const start = (whose: 'ours' | 'reference') =>
    percentile(
      started.map((pair) => pair[whose].cpu).toSorted((a, b) => a - b),
      0.5,
    );
  const pairs = await sealByTurns(stack, turns, partitions);
  const rates = pairs.map(({ ours, reference }) => ({
    ours: (turns.events - few) / (ours.cpu - start('ours')),
    reference: (turns.events - few) / (reference.cpu - start('reference')),
  }));
  const name = `growth, ${partitions} partitions in one ingestor`;
  return [
    medianFigure(`${name}: CPU time of an event`, 'events/CPU s', rates),
    plainFigure(`${name}: CPU time of the start`, 'ms', 1000 * start('ours')),
  ];
}

async function measureSizes(): Promise<Figure[]> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const signer = signerFromPem(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const records = Array.from({ length: ENTRIES }, (_, i) => recordOf(i));
  const figures: Figure[] = [];
  const [smallest] = SIZES as [number];
  for (const size of SIZES) {
    for (const entries of [[], records]) {
      const pairs = await byTurns(
        REPEATS,
        () => sealsASecond(size, entries, signer),
        () => sealsASecond(smallest, entries, signer),
      );
      const name = `growth, log of ${size.toExponential()} beside 1e+3, batch of ${entries.length}`;
      figures.push(medianFigure(name, 'batches/s', pairs));
    }
  }
  return figures;
}

async function sealsASecond(
  size: number,
  records: readonly ReturnType<typeof recordOf>[],
  signer: ReturnType<typeof signerFromPem>,
): Promise<number> {
  const head = headOf(size);
  const from = performance.now();
  const builder = new BatchBuilder(head);
  for (const record of records) builder.append({ ...record, offset: size + record.offset });
  await builder.seal(
    { now: Date.now(), retention: 86_400_000, heartbeat: 300, partitions: 1, codec: 'zstandard' },
    { signer },
  );
  return 1000 / (performance.now() - from);
}

/** A log of so many entries, whose hashes are any. */
function headOf(size: number): LogHead {
  const ones = size.toString(2).replaceAll('0', '').length;
  const hashes = Array.from({ length: ones }, (_, i) => sha256(`subtree ${i}`));
  return {
    ...newLog('local/auth-events/0'),
    batch: 1000,
    header: sha256('header'),
    range: CompactRange.of(0, size, hashes),
    offset: size,
  };
}
