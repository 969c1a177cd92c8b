/**
 * `authseal-ingestor init`: the topics exist and fit, and each partition has its batch 0. Only here
 * does a log begin: an ingestor that finds none refuses, so that a lost state is never taken for a
 * new log. Run again after partitions were added; what is begun stays as it is.
 */
import { BatchBuilder, digestEntries, newLog, originOf } from '@authseal/ledger';
import type { PartitionState } from '@authseal/runtime/kafka';
import { type CommitParts, commitBatches } from './committer.ts';
import type { Config } from './config.ts';
import { IngestorError } from './error.ts';
import type { Clock, Journal, JournalWriter } from './journal.ts';
import { recover } from './recover.ts';
import { type SealTermsOfLog, sealBatch } from './seal-batch.ts';
import type { Position } from './state.ts';
import { recoverAsOwner, takeOver } from './take-over.ts';

export type BeginParts = CommitParts & {
  readonly terms: SealTermsOfLog;
  readonly clock: Clock;
  readonly journal: Journal;
};

/** How a log is found: `begun` now, `running` before, or `closed` for good. */
export type Beginning = 'begun' | 'running' | 'closed';

/**
 * Seals batch 0 of one partition, unless it has one.
 * @throws IngestorError BATCHES_GONE, STATE_CONTRADICTED, TRANSACTION_LEFT_OPEN, PRODUCE_REFUSED
 */
export async function beginLog(
  parts: BeginParts,
  { deployment, eventsTopic }: Pick<Config, 'deployment' | 'eventsTopic'>,
  partitions: number,
): Promise<Beginning> {
  const { journal, terms, partition } = parts;
  const origin = originOf(deployment, eventsTopic, partition);
  // Looked at before it is opened, which would shut out an ingestor that serves it.
  const look = (state: PartitionState | null) => recover(journal, state, origin, terms.keys);
  const found = await findLog(journal, look, origin).catch(async (error) => {
    if (await isUnfinished(journal, error)) return null;
    throw error;
  });
  if (found !== null) return found;
  for (let beginning: Beginning = 'running'; ; beginning = 'begun') {
    const writer = await takeOver(journal, origin);
    try {
      const lookNow = () => recoverAsOwner(journal, writer, origin, terms.keys, () => true);
      const foundNow = await findLog(journal, lookNow, origin);
      if (foundNow !== null) return beginning === 'begun' ? beginning : foundNow;
      await sealFirst(parts, writer, origin, partitions);
    } finally {
      await writer.close();
    }
    // And looked at again behind another fence: it is begun when its markers stand.
  }
}

async function sealFirst(
  parts: BeginParts,
  writer: JournalWriter,
  origin: string,
  partitions: number,
): Promise<void> {
  const batch = new BatchBuilder(newLog(origin));
  const sealed = await sealBatch(
    { ...parts, digest: digestEntries },
    batch,
    '',
    partitions,
    'begin',
  );
  await commitBatches(parts, writer, [{ sealed, last: null }], -1);
}

/** Nothing was ever dropped: batch 0 stands there, and was not committed with its state (take-over.ts). */
const isUnfinished = async (journal: Journal, error: unknown): Promise<boolean> =>
  error instanceof IngestorError &&
  error.code === 'BATCHES_GONE' &&
  (await journal.offsets()).start === 0;

/** Null when there is none yet. @throws IngestorError BATCHES_GONE, STATE_CONTRADICTED */
async function findLog(
  journal: Journal,
  recoverLog: (state: PartitionState | null) => Promise<Position>,
  origin: string,
): Promise<Beginning | null> {
  const before = await journal.readState();
  try {
    const { head } = await recoverLog(before);
    return head.closed ? 'closed' : 'running';
  } catch (error) {
    // Between two looks at state and topic, the ingestor that serves the log has sealed.
    if (await hasMoved(journal, before)) return 'running';
    if (!(error instanceof IngestorError) || error.code !== 'LOG_NOT_BEGUN') throw error;
  }
  if (!(await journal.holdsRecords())) return null;
  throw new IngestorError(
    'STATE_CONTRADICTED',
    `${origin} has no state, and its partition of the batches topic holds records, none of them a batch of this log that a key in AUTHSEAL_KEYS has signed, written in a transaction: it is not new, and a log must not begin twice. Give the right file of keys, or begin under another topic or deployment; if the topic was copied from another Kafka, \`authseal-ingestor recover --from-archive\` goes on from the regions.`,
  );
}

const hasMoved = async (journal: Journal, before: PartitionState | null): Promise<boolean> =>
  before !== null && (await journal.readState())?.metadata !== before.metadata;
