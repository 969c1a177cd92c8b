/**
 * Which record sets of a fetch, read committed, belong to aborted transactions, as Kafka's own consumer
 * tells it: the broker names each such transaction by its producer and its first offset, in the order
 * in which they **ended**; it lasts until that producer's abort marker.
 *
 * kafkajs takes the list to be in the order in which they began, takes one of it a message, and takes
 * a data record whose key is four zero bytes for a marker: each shows records that were aborted.
 */
import { decodeSets, type RecordSet } from './record-sets.ts';

type AbortedTransaction = { readonly producerId: string; readonly firstOffset: string };

/** Of a control record: version 0, type 0. */
const ABORT = Buffer.alloc(4);

/**
 * In the place of kafkajs's own, whose messages are record sets here: an aborted one stays, without its
 * records, so that the fetch reaches its reader and tells what it covers. Markers stay in; kafkajs
 * leaves them out itself.
 */
export function withoutAborted({
  messages: sets,
  abortedTransactions,
}: {
  messages: readonly RecordSet[];
  abortedTransactions?: readonly AbortedTransaction[] | null;
}): readonly RecordSet[] {
  if (!abortedTransactions?.length) return sets;
  const toCome = abortedTransactions.toSorted(
    (a, b) => Number(a.firstOffset) - Number(b.firstOffset),
  );
  const aborting = new Set<string>();
  return sets.map((set) => {
    const { offset, isControlRecord, producerId, inTransaction } = set;
    while (toCome[0] !== undefined && Number(toCome[0].firstOffset) <= Number(offset)) {
      aborting.add(toCome[0].producerId);
      toCome.shift();
    }
    if (isControlRecord) {
      const [marker] = decodeSets([set]).records;
      if (marker?.key?.equals(ABORT)) aborting.delete(producerId);
      return set;
    }
    const isAborted = inTransaction && aborting.has(producerId);
    // Nor does anybody need to read one that cannot be read.
    return isAborted ? { ...set, bytes: null } : set;
  });
}
