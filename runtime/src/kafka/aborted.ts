/**
 * Which messages of a fetch, read committed, belong to aborted transactions, as Kafka's own consumer
 * tells it: the broker names each such transaction by its producer and its first offset, in the order
 * in which they **ended**; it lasts until that producer's abort marker.
 *
 * kafkajs takes the list to be in the order in which they began, takes one of it a message, and takes
 * a data record whose key is four zero bytes for a marker: each shows records that were aborted.
 */
import type { Message } from './record-sets.ts';

type AbortedTransaction = { readonly producerId: string; readonly firstOffset: string };

/** Of a control record: version 0, type 0. */
const ABORT = Buffer.alloc(4);

/** In the place of kafkajs's own. Markers stay in; kafkajs leaves them out itself. */
export function withoutAborted({
  messages,
  abortedTransactions,
}: {
  messages: readonly Message[];
  abortedTransactions?: readonly AbortedTransaction[] | null;
}): readonly Message[] {
  if (!abortedTransactions?.length) return messages;
  const toCome = abortedTransactions.toSorted(
    (a, b) => Number(a.firstOffset) - Number(b.firstOffset),
  );
  const aborting = new Set<string>();
  return messages.filter(({ offset, key, isControlRecord, batchContext }) => {
    while (toCome[0] !== undefined && Number(toCome[0].firstOffset) <= Number(offset)) {
      aborting.add(toCome[0].producerId);
      toCome.shift();
    }
    const { producerId, inTransaction } = batchContext;
    if (!isControlRecord) return !(inTransaction && aborting.has(producerId));
    if (key?.equals(ABORT)) aborting.delete(producerId);
    return true;
  });
}
