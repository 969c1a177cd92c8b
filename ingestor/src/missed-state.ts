/** A transaction that the brokers committed in the batches topic, and not in the state. */
import { chainFault, type DeploymentKeys } from '@authseal/ledger';
import type { KafkaRecord } from '@authseal/runtime/kafka';
import type { Journal } from './journal.ts';
import { backFrom, batchesAmong, newestOf, type OurBatchAt } from './our-batch.ts';
import type { Position } from './state.ts';

/**
 * The position that the state misses: where the newest of the committed batches behind its own are
 * those of one transaction that goes on from it. Null where they are anything else.
 */
export async function missedByState(
  journal: Journal,
  position: Position,
  origin: string,
  keys: DeploymentKeys,
): Promise<Position | null> {
  const { start, end } = await journal.offsets();
  const from = Math.max(start, position.batchOffset + 1);
  if (from >= end) return null;
  const records = (await journal.readCommitted(from, end)) ?? [];
  const missed = after(position, batchesAmong(records, origin, keys));
  const last = missed.at(-1);
  if (last === undefined || !goesOn(missed, position) || !areTogether(missed, records)) return null;
  return {
    head: last.head,
    last: missed.findLast((batch) => batch.last !== null)?.last ?? position.last,
    batchOffset: last.offset,
    key: last.key,
  };
}

/** The newest batch and those before it, in their order, without the position's own and what that had before. */
function after({ head }: Position, batches: readonly OurBatchAt[]): OurBatchAt[] {
  const newest = newestOf(batches);
  if (newest === undefined) return [];
  return [...backFrom(newest.headerHash, batches)]
    .filter(({ header }) => header.batch >= head.batch)
    .reverse();
}

function goesOn(batches: readonly OurBatchAt[], { head }: Position): boolean {
  let before = head;
  for (const batch of batches) {
    if (chainFault(before, batch.header) !== null) return false;
    before = batch.head;
  }
  return true;
}

/** No marker stands between them: each offset there holds a record that was written in a transaction. */
function areTogether(batches: readonly OurBatchAt[], records: readonly KafkaRecord[]): boolean {
  const [first, last] = [batches.at(0)?.offset as number, batches.at(-1)?.offset as number];
  const between = records.filter(({ offset }) => offset >= first && offset <= last);
  return between.length === last - first + 1;
}
