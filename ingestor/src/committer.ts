/**
 * Step 6 of sealer.ts: sealed batches are committed in their order, with the state that follows them.
 * Those that were sealed while a transaction was under way go into the next one together: its round
 * trips to the brokers take longer than a batch takes to fill when there is a backlog.
 */
import { encodeBase64, type LastRecord, type SealedBatch } from '@authseal/ledger';
import type { ProduceResult } from '@authseal/runtime/kafka';
import { IngestorError } from './error.ts';
import type { JournalWriter } from './journal.ts';
import { MAX_CLOCK_DIFFERENCE, MAX_UNCOMMITTED_BYTES } from './limits.ts';
import type { Due, SealTermsOfLog } from './seal-batch.ts';
import { encodeState } from './state.ts';

/** A batch to be committed. */
export type Uncommitted = {
  readonly sealed: SealedBatch;
  /** The last record of the log after it; null when there is none yet. */
  readonly last: LastRecord | null;
};

export type Waiting = Uncommitted & { readonly due: Due };

export type CommitParts = {
  readonly terms: Pick<SealTermsOfLog, 'signer'>;
  readonly batchesTopic: string;
  readonly partition: number;
};

type Listener = {
  committed(batch: Waiting): void;
  /** After each transaction, and when one failed. */
  changed(): void;
};

/** Batches that were not full and wait to be committed together. */
const MOST_LINGERED = 2;

export class Committer {
  readonly #parts: CommitParts;
  readonly #writer: JournalWriter;
  readonly #listener: Listener;
  #batchOffset: number;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #running: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  /** @param batchOffset of the last batch committed */
  constructor(parts: CommitParts, writer: JournalWriter, batchOffset: number, listener: Listener) {
    this.#parts = parts;
    this.#writer = writer;
    this.#batchOffset = batchOffset;
    this.#listener = listener;
  }

  /** What a transaction threw; none follows it. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure;
  }

  /** So much is not committed yet that nothing more is to be sealed. */
  get full(): boolean {
    return this.#bytes >= MAX_UNCOMMITTED_BYTES;
  }

  /** So many batches wait for the transaction under way that the next one should rather grow. */
  get isBehind(): boolean {
    return this.#waiting.length >= MOST_LINGERED;
  }

  /** Commits the batch after all those before it. */
  add(batch: Waiting): void {
    this.#waiting.push(batch);
    this.#bytes += batch.sealed.object.length;
    this.#running ??= this.#run();
  }

  /** When all is committed, or a transaction failed. */
  async done(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && this.#failure === null) {
      const batches = this.#waiting;
      this.#waiting = [];
      try {
        this.#batchOffset = await commitBatches(
          this.#parts,
          this.#writer,
          batches,
          this.#batchOffset,
        );
        for (const batch of batches) {
          this.#bytes -= batch.sealed.object.length;
          this.#listener.committed(batch);
        }
      } catch (error) {
        this.#failure = { error };
      }
      this.#listener.changed();
    }
    this.#running = null;
  }
}

/**
 * One transaction: the batches, in order, and the state that follows the last of them.
 * @param after offset of the batch before
 * @returns the offset of the last of them
 */
export async function commitBatches(
  { terms, batchesTopic, partition }: CommitParts,
  writer: JournalWriter,
  batches: readonly Uncommitted[],
  after: number,
): Promise<number> {
  await writer.begin();
  let batchOffset = after;
  for (const { sealed } of batches) {
    const results = await writer.send(sealed.object);
    const expected = { batchesTopic, partition, after: batchOffset };
    batchOffset = checkProduced(results, sealed, expected);
  }
  const { sealed, last } = batches.at(-1) as Uncommitted;
  const key = encodeBase64(terms.signer.publicKey);
  await writer.sendState(encodeState({ head: sealed.head, last, batchOffset, key }));
  await writer.commit();
  return batchOffset;
}

/** The batch's offset. kafkajs answers [] for a partition that does not exist: no answer is no success. */
function checkProduced(
  results: readonly ProduceResult[],
  { header }: SealedBatch,
  expected: { batchesTopic: string; partition: number; after: number },
): number {
  const { batchesTopic, partition, after } = expected;
  const [result] = results;
  const right =
    results.length === 1 &&
    result?.topic === batchesTopic &&
    result.partition === partition &&
    result.errorCode === 0 &&
    result.offset > after &&
    Math.abs(result.logAppendTime - header.sealedAt) <= MAX_CLOCK_DIFFERENCE;
  if (right) return result.offset;
  throw new IngestorError(
    'PRODUCE_REFUSED',
    `${header.origin}: batch ${header.batch}, sealed at ${header.sealedAt}, got the answer ${JSON.stringify(results)}; one for partition ${partition} with an offset above ${after} and a LogAppendTime within 2 h was expected. Nothing was committed. Compare the clocks of broker and ingestor, and run \`authseal doctor\`, which checks ${batchesTopic}.`,
  );
}
