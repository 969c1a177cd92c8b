/**
 * A full verify of a region, beside the same objects fetched, decompressed, and the leaves of their
 * entries and the nodes above them hashed, and nothing more: even where the entries end is known.
 */
import type { Region, Stack } from '@authseal/deploy/local';
import { verify } from '../plain/commands.ts';
import { writeBounds } from './entry-bounds.ts';
import { byTurns, type Figure, medianFigure } from './figure.ts';
import { runScript } from './script.ts';

/** @param stack holds an archive of so many `events` in its first region */
export async function measureVerify(
  { environment, regions, directory }: Stack,
  { events, rounds }: { readonly events: number; readonly rounds: number },
): Promise<Figure[]> {
  const [first] = regions as [Region];
  const region = first.name;
  const file = `${directory}/bench-bounds`;
  const entries = await writeBounds(file, first);
  if (entries !== events) throw new Error(`the archive holds ${entries} of ${events} events`);
  const pairs = await byTurns(
    rounds,
    () =>
      secondsOf(async () => checkVerified(await verify(environment, '--region', region), events)),
    () => secondsOf(() => runScript('hash-alone.ts', [region, file], environment)),
  );
  const rates = pairs.map(({ ours, reference }) => ({
    ours: events / ours,
    reference: events / reference,
  }));
  return [medianFigure('verify, one region', 'events/s', rates)];
}

/** Both sides are processes that do nothing else, so their start and end belong to their time. */
async function secondsOf(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return (performance.now() - began) / 1000;
}

function checkVerified({ code, report }: Awaited<ReturnType<typeof verify>>, events: number): void {
  const verified = report.producers.reduce((sum, producer) => sum + producer.events, 0);
  if (code === 0 && verified === events) return;
  throw new Error(
    `verify ended with ${code} and ${verified} events: ${JSON.stringify(report.problems)}`,
  );
}
