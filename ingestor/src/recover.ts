/**
 * Where a partition's new owner goes on. The state is committed with each batch, in one transaction,
 * so it is exact when it is there and the batches topic shows the batch that it names, and none that
 * continues it. When it is gone or was reset by hand, the topic is the authority: its newest committed
 * batch tells all that the state told. When the topic holds no batch any more, only the archive can tell: that is a command of
 * its own (from-archive/). When state and topic contradict each other, and it is not the brokers who
 * left a transaction half done (take-over.ts), nobody but a person can say which is true. Never "start
 * at 0".
 */
import { type DeploymentKeys, encodeBase64 } from '@authseal/ledger';
import type { KafkaRecord, PartitionState } from '@authseal/runtime/kafka';
import { IngestorError } from './error.ts';
import type { Journal } from './journal.ts';
import { backFrom, batchesAmong, newestOf } from './our-batch.ts';
import { decodeState, type Position } from './state.ts';

/**
 * The position after the last committed batch.
 * @param state as it was read before
 * @throws IngestorError LOG_NOT_BEGUN, BATCHES_GONE, STATE_CONTRADICTED
 */
export async function recover(
  journal: Journal,
  state: PartitionState | null,
  origin: string,
  keys: DeploymentKeys,
): Promise<Position> {
  const position = state && decodeState(origin, state);
  const { start, end } = await journal.offsets();
  const offset = position && (await offsetOf(position, journal, start, end, origin, keys));
  if (position !== null && offset !== null) return { ...position, batchOffset: offset };
  const found = await lastInTopic(journal, origin, keys);
  if (position === null && found !== undefined) return found;
  const says =
    state === null
      ? 'there is no state'
      : position === null
        ? `the state says an offset ${state.offset} without our metadata`
        : `the state says batch ${position.head.batch - 1} at offset ${position.batchOffset}`;
  if (found === undefined)
    throw isNew(state, start) ? notBegun(origin) : gone(origin, says, start, end);
  throw new IngestorError(
    'STATE_CONTRADICTED',
    `${origin}: ${says}, and the newest in the batches topic is batch ${found.head.batch - 1} at offset ${found.batchOffset}. Offsets were set by hand, an ingestor ran under another group, or Kafka was restored from a copy: find out which; the log must not fork. \`authseal-ingestor recover --from-archive --dry-run\` compares both with all regions.`,
  );
}

/** The position after the last of our batches in the topic; undefined when it holds none. */
export function lastInTopic(
  journal: Journal,
  origin: string,
  keys: DeploymentKeys,
): Promise<Position | undefined> {
  return journal.searchBatches((records, whole) => positionFrom(records, whole, origin, keys));
}

/** After a transaction the partition ends with its record and its marker: nothing can have followed. */
const BATCH_AND_MARKER = 2;

/**
 * Where the state's batch is committed, if no other continues it: at the offset that the state says, or
 * behind it, written again (write-again.ts, from-archive/). Null where the topic does not show it so.
 */
async function offsetOf(
  { head, batchOffset }: Position,
  journal: Journal,
  start: number,
  end: number,
  origin: string,
  keys: DeploymentKeys,
): Promise<number | null> {
  if (batchOffset >= end) return null;
  // The marker may be that of another transaction, which aborted the batch with itself (take-over.ts).
  const isAtEnd = end === batchOffset + BATCH_AND_MARKER && batchOffset >= start;
  const from = Math.max(batchOffset, start);
  const records = await journal.readCommitted(from, isAtEnd ? from + 1 : end);
  if (isAtEnd && records?.length === 1) return batchOffset;
  const batches = batchesAmong(records ?? [], origin, keys);
  const header = encodeBase64(head.header as Buffer);
  if (batches.some((batch) => batch.header.previous?.header === header)) return null;
  return batches.find(({ headerHash }) => encodeBase64(headerHash) === header)?.offset ?? null;
}

/** As far as can be seen here: the partition never dropped anything. */
const isNew = (state: PartitionState | null, start: number): boolean =>
  state === null && start === 0;

function notBegun(origin: string): IngestorError {
  return new IngestorError(
    'LOG_NOT_BEGUN',
    `${origin} has no batch 0 and no state. If it is new, run \`authseal-ingestor init\`. If it is not, its batches and its state are gone from Kafka, and init would begin a second history: run \`authseal-ingestor recover --from-archive --dry-run\`, which finds its last batch in the regions.`,
  );
}

function gone(origin: string, says: string, start: number, end: number): IngestorError {
  return new IngestorError(
    'BATCHES_GONE',
    `${origin}: ${says}, and the batches topic, offsets ${start} to ${end}, holds no batch of this log that a key in AUTHSEAL_KEYS has signed: it was emptied by retention or by hand, or created again. Whether all of its batches were archived is not known here. Run \`authseal-ingestor recover --from-archive --dry-run\`: it finds the last batch in the regions and shows how the log goes on from it.`,
  );
}

/**
 * The position after the newest of our batches among the records. A heartbeat holds no record, so the
 * last record may stand in an earlier batch; undefined while that may lie before the records shown.
 */
function positionFrom(
  records: readonly KafkaRecord[],
  whole: boolean,
  origin: string,
  keys: DeploymentKeys,
): Position | undefined {
  const ours = batchesAmong(records, origin, keys);
  const newest = newestOf(ours);
  if (newest === undefined) return undefined;
  const chain = [...backFrom(newest.headerHash, ours)];
  const last = chain.find((batch) => batch.last !== null)?.last ?? null;
  const isCertain = last !== null || chain.at(-1)?.header.batch === 0 || whole;
  if (!isCertain) return undefined;
  return { head: newest.head, last, batchOffset: newest.offset, key: newest.key };
}
