/**
 * Where a partition's new owner goes on. The state is committed with each batch, in one transaction,
 * so it is exact when it is there and the batches topic ends with the batch that it names. When it is
 * gone or was reset by hand, the topic is the authority: its last committed batch tells all that the
 * state told. When both are there and contradict each other, nobody but a person can say which is
 * true. Never "start at 0".
 */
import {
  type Batch,
  checkpointSigners,
  type DeploymentKeys,
  encodeBase64,
  entryValue,
  type LastRecord,
  LedgerError,
  readBatch,
  recordHash,
} from '@authseal/ledger';
import type { KafkaRecord } from '@authseal/runtime/kafka';
import { IngestorError } from './error.ts';
import type { Journal } from './journal.ts';
import { decodeState, encodeState, type Position } from './state.ts';

/**
 * The position after the last committed batch.
 * @throws IngestorError LOG_NOT_BEGUN, STATE_CONTRADICTED
 */
export async function recover(
  journal: Journal,
  origin: string,
  keys: DeploymentKeys,
): Promise<Position> {
  const state = await journal.readState();
  const position = state && decodeState(origin, state);
  const { end } = await journal.offsets();
  if (position !== null && end === position.batchOffset + BATCH_AND_MARKER) return position;
  const found = await journal.searchBatches((records, whole) =>
    positionFrom(records, whole, origin, keys),
  );
  if (position === null && found !== undefined) return found;
  if (position !== null && found !== undefined && isSame(position, found)) return position;
  // Whoever slept between two of these reads may have been replaced, and has seen two times at once.
  if (JSON.stringify(await journal.readState()) !== JSON.stringify(state)) {
    throw new Error(`${origin}: another owner went on meanwhile`);
  }
  if (state === null) {
    throw new IngestorError(
      'LOG_NOT_BEGUN',
      `${origin} has no batch 0 and no state. If it is new, run \`authseal-ingestor init\`; if not, its batches and its state are gone and must be restored.`,
    );
  }
  const says =
    position === null
      ? `an offset ${state.offset} without our metadata`
      : `batch ${position.head.batch - 1} at offset ${position.batchOffset}`;
  const holds =
    found === undefined
      ? 'holds no batch of this log'
      : `ends with batch ${found.head.batch - 1} at offset ${found.batchOffset}`;
  throw new IngestorError(
    'STATE_CONTRADICTED',
    `${origin}: the state says ${says}, and the batches topic ${holds}. Offsets were reset by hand, or the topic was emptied or created again: find out who did before going on; the log must not fork.`,
  );
}

/** After a transaction the partition ends with its record and its marker: nothing can have followed. */
const BATCH_AND_MARKER = 2;

/** The topic may have dropped the batch with the last record: of that, the state alone then tells. */
function isSame(position: Position, found: Position): boolean {
  const { metadata } = encodeState({ ...found, last: found.last ?? position.last });
  return metadata === encodeState(position).metadata;
}

/**
 * The position after the last of our batches among the records. A heartbeat holds no record, so the
 * last record may stand in an earlier batch than the last one; undefined while that may lie before
 * the records shown.
 */
function positionFrom(
  records: readonly KafkaRecord[],
  whole: boolean,
  origin: string,
  keys: DeploymentKeys,
): Position | undefined {
  const ours = records.flatMap((record) => ourBatch(record, origin, keys) ?? []);
  const newest = ours.at(-1);
  const last = ours.findLast(({ batch }) => batch.header.count > 0);
  const certain = last !== undefined || ours[0]?.batch.header.batch === 0 || whole;
  if (newest === undefined || !certain) return undefined;
  const { batch, offset, key } = newest;
  return {
    head: batch.head,
    last: last ? lastRecordOf(last.batch) : null,
    batchOffset: offset,
    key,
  };
}

type OurBatch = { batch: Batch; offset: number; key: string };

function ourBatch(record: KafkaRecord, origin: string, keys: DeploymentKeys): OurBatch | null {
  if (record.value === null) return null;
  try {
    const batch = readBatch(record.value);
    if (batch.header.origin !== origin) return null;
    const signer = checkpointSigners(batch.note, origin, keys).at(-1) as number;
    return {
      batch,
      offset: record.offset,
      key: encodeBase64(keys.keys[signer]?.publicKey as Buffer),
    };
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}

function lastRecordOf(batch: Batch): LastRecord {
  const entry = batch.entryAt(batch.header.count - 1);
  return { offset: entry.offset, hash: recordHash(entry.timestamp, entryValue(entry)) };
}
