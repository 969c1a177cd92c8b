/** A transaction that the brokers committed in the batches topic, and not in the state. */
import { chainFault, type DeploymentKeys } from '@authseal/ledger';
import type { Journal } from './journal.ts';
import { batchesAmong, lastRecordOf, type OurBatchAt } from './our-batch.ts';
import type { Position } from './state.ts';

/** More offsets than this are more than one transaction. */
const MOST_OFFSETS = 1000;

/**
 * The position that the state misses: where the committed batches behind its own are those of one
 * transaction that goes on from it, or wrote it once more. Null where they are anything else.
 */
export async function missedByState(
  journal: Journal,
  position: Position,
  origin: string,
  keys: DeploymentKeys,
): Promise<Position | null> {
  const { start, end } = await journal.offsets();
  const from = Math.max(start, position.batchOffset + 1);
  if (from >= end || end - from > MOST_OFFSETS) return null;
  const records = await journal.readCommitted(from, end);
  const batches = records && batchesAmong(records, origin, keys);
  const last = batches?.at(-1);
  if (!batches || !last || !areTogether(batches)) return null;
  const isNext = goesOn(batches, position);
  if (!isNext && !repeats(batches, position)) return null;
  const withRecords = isNext ? batches.findLast(({ batch }) => batch.header.count > 0) : undefined;
  return {
    head: last.batch.head,
    last: withRecords ? lastRecordOf(withRecords.batch) : position.last,
    batchOffset: last.offset,
    key: last.key,
  };
}

/** No marker stands between them. */
const areTogether = (batches: readonly OurBatchAt[]): boolean =>
  batches.every(({ offset }, i) => offset === (batches[0] as OurBatchAt).offset + i);

function goesOn(batches: readonly OurBatchAt[], { head }: Position): boolean {
  let before = head;
  for (const { batch } of batches) {
    if (chainFault(before, batch.header) !== null) return false;
    before = batch.head;
  }
  return true;
}

/** The state's batch is the last of them, and none is newer (write-again.ts). */
const repeats = (batches: readonly OurBatchAt[], { head }: Position): boolean =>
  batches.every(({ batch }, i) =>
    i === batches.length - 1
      ? batch.headerHash.equals(head.header as Buffer)
      : batch.header.batch < head.batch - 1,
  );
