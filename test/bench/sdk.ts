/**
 * What recording costs a service: events/s until Kafka has confirmed them, unsigned and signed,
 * beside kafkajs sending the same keys, values and headers in record batches of the same number;
 * and the caller's time for a `record()`. Each in a process of its own.
 */
import type { Stack } from '@authseal/deploy/local';
import { byTurns, type Figure, medianFigure, percentile, plainFigure } from './figure.ts';
import { runScript } from './script.ts';

type Recorded = { readonly callerSeconds: number };

export async function measureSdk(
  { kafkaBrokers }: Stack,
  { events, rounds }: { readonly events: number; readonly rounds: number },
): Promise<Figure[]> {
  const args = [kafkaBrokers.join(','), `${events}`];
  const figures: Figure[] = [];
  const callers: number[] = [];
  for (const kind of ['unsigned', 'signed']) {
    const pairs = await byTurns(
      rounds,
      () => runScript<Recorded>('record.ts', [...args, kind]),
      () => runScript<Recorded>('send-raw.ts', args),
    );
    const rates = pairs.map(({ ours, reference }) => ({
      ours: events / ours.wall,
      reference: events / reference.wall,
    }));
    figures.push(medianFigure(`sdk, ${kind}, beside kafkajs's send`, 'events/s', rates));
    callers.push(...pairs.map(({ ours }) => (ours.callerSeconds / events) * 1e6));
  }
  const median = percentile(
    callers.toSorted((a, b) => a - b),
    0.5,
  );
  return [...figures, plainFigure("sdk, the caller's time for a record()", 'µs', median)];
}
