/** How far the events have come: sent by services, sealed by the ingestor, archived in each region. */
import type { Stack } from '@authseal/deploy/local';
import type { EventKind } from '@authseal/schemas';
import type { Archive } from './archive.ts';
import { bold, dim } from './terminal.ts';

export type Stages = {
  /** Events with a receipt, by kind. */
  sent: ReadonlyMap<EventKind, number>;
  sealedEvents: number;
  /** Batches by log. */
  sealed: Map<number, number>;
  /** Objects by region and log. */
  archived: Map<string, Map<number, number>>;
};

export async function look(
  { ingestor }: Stack,
  archives: readonly Archive[],
  sent: ReadonlyMap<EventKind, number>,
): Promise<Stages> {
  const archived = new Map<string, Map<number, number>>();
  for (const archive of archives) archived.set(archive.region.name, await archive.count());
  const metrics = await (await fetch(`${ingestor.endpoint}/metrics`)).text();
  const batches = byPartition(metrics, 'authseal_ingestor_batches_total');
  const sealed = new Map<number, number>();
  for (const log of byPartition(metrics, 'authseal_ingestor_sealed_at_seconds').keys()) {
    // `authseal-ingestor init` sealed the first batch of each.
    sealed.set(log, 1 + (batches.get(log) ?? 0));
  }
  const sealedEvents = sum(byPartition(metrics, 'authseal_ingestor_entries_total'));
  return { sent: new Map(sent), sealedEvents, sealed, archived };
}

/** Whether every event that was sent lies in every region. */
export function isComplete({ sent, sealedEvents, sealed, archived }: Stages): boolean {
  const isWhole = (objects: Map<number, number>) =>
    [...sealed].every(([log, batches]) => objects.get(log) === batches);
  return sealed.size > 0 && sealedEvents >= sum(sent) && [...archived.values()].every(isWhole);
}

export function linesOf({ sent, sealedEvents, sealed, archived }: Stages): string[] {
  const logs = [...sealed.keys()].sort((a, b) => a - b);
  const row = (name: string, counts: ReadonlyMap<number, number>, unit: string) =>
    `${name.padEnd(14)} ${cells(logs.map((log) => counts.get(log) ?? 0))}  ${bold(cell(sum(counts)))} ${unit}`;
  const kinds = [...sent].map(([kind, count]) => `${kind} ${bold(String(count))}`);
  return [
    `${'sent'.padEnd(14)} ${bold(String(sum(sent)))} events`,
    ...inPairs(kinds).map((pair) => `${''.padEnd(15)}${pair}`),
    `${'sealed'.padEnd(14)} ${bold(String(sealedEvents))} events`,
    dim(`${'  by log'.padEnd(14)} ${cells(logs)}`),
    row('  sealed', sealed, 'batches'),
    ...[...archived].map(([region, objects]) => row(`  ${region}`, objects, 'objects')),
  ];
}

/** The same in one line. */
export function lineOf({ sent, sealedEvents, sealed, archived }: Stages): string {
  const regions = [...archived].map(([region, objects]) => `${region} ${sum(objects)} objects`);
  return `  sent ${sum(sent)} events | sealed ${sealedEvents} in ${sum(sealed)} batches | ${regions.join(' | ')}`;
}

export function sum(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

const cell = (count: number) => String(count).padStart(4);
const cells = (counts: number[]) => counts.map(cell).join('');

function inPairs(texts: string[]): string[] {
  const rows: string[] = [];
  for (let i = 0; i < texts.length; i += 3) rows.push(texts.slice(i, i + 3).join(dim(' · ')));
  return rows;
}

/** Sums of a metric in Prometheus' text format, by its label `partition`. */
function byPartition(metrics: string, name: string): Map<number, number> {
  const sums = new Map<number, number>();
  const sample = new RegExp(`^${name}\\{[^}]*partition="(\\d+)"[^}]*\\} (\\S+)$`, 'gm');
  for (const [, partition, value] of metrics.matchAll(sample)) {
    sums.set(Number(partition), (sums.get(Number(partition)) ?? 0) + Number(value));
  }
  return sums;
}
