/**
 * Batches that the log holds already, written to the batches topic once more, byte for byte: an
 * archiver takes one for the repeat that it is, or for the batch that it waits for.
 */
import { type DeploymentKeys, encodeBase64, newLog } from '@authseal/ledger';
import type { ProduceResult } from '@authseal/runtime/kafka';
import { IngestorError } from './error.ts';
import type { Journal, JournalWriter } from './journal.ts';
import { backFrom, batchesAmong, type OurBatchAt } from './our-batch.ts';
import { lastInTopic } from './recover.ts';
import { encodeState, type Position } from './state.ts';

/**
 * Where the state is ahead of the topic, and what it is ahead by stands there uncommitted: writes that
 * again, and the state after it, in one transaction.
 * @returns the position after them; null when it is not so
 * @throws IngestorError PRODUCE_REFUSED
 */
export async function writeAgain(
  journal: Journal,
  writer: JournalWriter,
  position: Position,
  origin: string,
  keys: DeploymentKeys,
): Promise<Position | null> {
  const objects = await uncommittedOf(journal, position, origin, keys);
  if (objects === null) return null;
  journal.warn(
    `the state says batch ${position.head.batch - 1} at offset ${position.batchOffset}, where it is not committed; it is written again, with ${objects.length - 1} before it`,
  );
  await writer.begin();
  let { batchOffset } = position;
  for (const object of objects) {
    batchOffset = offsetWritten(await writer.send(object), origin, batchOffset + 1);
  }
  const written = { ...position, batchOffset };
  await writer.sendState(encodeState(written));
  await writer.commit();
  return written;
}

/**
 * The batches from the last committed one to that of the state, where all stand in the topic; null where
 * it is not so. A state is never committed for batches that were not meant to be: their marker was missed
 * out, or the one of a later transaction aborted them.
 */
export async function uncommittedOf(
  journal: Journal,
  position: Position,
  origin: string,
  keys: DeploymentKeys,
): Promise<Buffer[] | null> {
  const { start, highWatermark } = await journal.offsets();
  if (position.batchOffset >= highWatermark) return null;
  const last = await lastInTopic(journal, origin, keys);
  const from = last === undefined ? start : last.batchOffset + 1;
  if (position.batchOffset < from) return null;
  const records = await journal.readUncommitted(from, position.batchOffset + 1);
  const after = (last?.head ?? newLog(origin)).header;
  return (
    records &&
    leadingTo(position, after && encodeBase64(after), batchesAmong(records, origin, keys))
  );
}

/** The objects whose batches follow each other from the one with the header `after` to the position; null when one is missing. */
function leadingTo(
  position: Position,
  after: string | null,
  batches: readonly OurBatchAt[],
): Buffer[] | null {
  const objects: Buffer[] = [];
  for (const { header, object } of backFrom(position.head.header, batches)) {
    objects.unshift(object);
    if ((header.previous?.header ?? null) === after) return objects;
  }
  return null;
}

/**
 * kafkajs answers [] for a partition that does not exist: no answer is no success.
 * @param lowest offset that the broker can have given
 * @throws IngestorError PRODUCE_REFUSED
 */
export function offsetWritten(
  results: readonly ProduceResult[],
  origin: string,
  lowest: number,
): number {
  const [result] = results;
  if (results.length === 1 && result?.errorCode === 0 && result.offset >= lowest)
    return result.offset;
  throw new IngestorError(
    'PRODUCE_REFUSED',
    `${origin}: the batch got the answer ${JSON.stringify(results)}; one without an error and with an offset from ${lowest} on was expected. Nothing was written. Check the partitions of the batches topic.`,
  );
}
