/**
 * Steps 1 and 2 of sealer.ts, which go on from whatever the brokers left of the owner before.
 *
 * A transaction that is decided should come to its end in all its partitions. Brokers break that
 * (KAFKA-20734, seen with 4.3.1; docs/decisions/0017): a coordinator that meets a partition without a
 * leader, as after an outage of all its replicas, takes it for deleted. It writes no marker there and
 * calls the transaction ended. So, after the fence:
 *
 *   - A batch may still be open in the batches topic, and **the next transaction's marker would decide
 *     for it**: committed beside the batch that was sealed in its place, it makes a fork. It is aborted
 *     first.
 *   - The state may be committed and its batches not: they are written again (write-again.ts).
 *   - The batches may be committed and their state not: the topic is believed (missed-state.ts).
 */
import type { DeploymentKeys } from '@authseal/ledger';
import { IngestorError } from './error.ts';
import type { Journal, JournalWriter } from './journal.ts';
import { missedByState } from './missed-state.ts';
import { recover } from './recover.ts';
import { decodeState, encodeState, type Position } from './state.ts';
import { writeAgain } from './write-again.ts';

/** How often it is looked whether a transaction is open: the marker that ends it may be missed out, too. */
const LOOKS = 3;

/**
 * Becomes the only owner of a partition in which no transaction is open.
 * @throws IngestorError TRANSACTION_LEFT_OPEN
 */
export async function takeOver(journal: Journal, origin: string): Promise<JournalWriter> {
  for (let looks = 1; ; looks += 1) {
    const writer = await journal.open();
    try {
      const { end, highWatermark } = await journal.offsets();
      if (highWatermark <= end) return writer;
      if (looks === LOOKS) throw leftOpen(origin, end, highWatermark);
      journal.warn(
        `a transaction is open behind the fence, from offset ${end} on (of ${highWatermark}): left so by the brokers, or somebody else's; what is ours is aborted`,
      );
      await abortAll(writer);
    } catch (error) {
      await writer.close();
      throw error;
    }
    // The next fence waits until the marker stands.
    await writer.close();
  }
}

/** All that is open under our producer id in the partition: a marker ends it, whatever transaction it was of. */
async function abortAll(writer: JournalWriter): Promise<void> {
  await writer.begin();
  // Without a record, kafkajs has no partition to end it in.
  await writer.send(Buffer.alloc(0));
  await writer.abort();
}

/**
 * The position after the last batch, for an owner; the state is that, too, afterwards.
 * @param mayBelieveTopic asked when the state misses the topic's last transaction. That may also be
 *   another owner's, under another group, who would then find the same of ours.
 * @throws IngestorError as `recover`, PRODUCE_REFUSED
 */
export async function recoverAsOwner(
  journal: Journal,
  writer: JournalWriter,
  origin: string,
  keys: DeploymentKeys,
  mayBelieveTopic: (position: Position) => boolean,
): Promise<Position> {
  const state = await journal.readState();
  let position: Position;
  try {
    position = await recover(journal, state, origin, keys);
  } catch (error) {
    if (!(error instanceof IngestorError)) throw error;
    const known = state && decodeState(origin, state);
    if (known === null) throw error;
    const written = await writeAgain(journal, writer, known, origin, keys);
    if (written !== null) return written;
    const missed = await missedByState(journal, known, origin, keys);
    if (missed === null || !mayBelieveTopic(missed)) throw error;
    journal.warn(
      `the state misses the last transaction, up to batch ${missed.head.batch - 1} at offset ${missed.batchOffset}; it goes on from there`,
    );
    position = missed;
  }
  // Before another transaction's marker may be missed out: the state would then miss two.
  if (state?.metadata !== encodeState(position).metadata) await writeState(writer, position);
  return position;
}

async function writeState(writer: JournalWriter, position: Position): Promise<void> {
  await writer.begin();
  await writer.sendState(encodeState(position));
  await writer.commit();
}

function leftOpen(origin: string, end: number, highWatermark: number): IngestorError {
  return new IngestorError(
    'TRANSACTION_LEFT_OPEN',
    `${origin}: a transaction is open in its partition of the batches topic, from offset ${end} on (of ${highWatermark}), and it is none that this ingestor can end. Nobody reads beyond it. If somebody else writes to the topic, take the right from him. If it stays, no coordinator knows it any more: \`kafka-transactions.sh find-hanging\` and \`abort\` end it.`,
  );
}
