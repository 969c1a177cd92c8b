/**
 * What was fetched of a partition and waits to be archived. The partition is paused while there is
 * too much of it, what is already on its way to S3 counted.
 */
import { type Fetched, RECORD_OVERHEAD } from '@authseal/runtime/kafka';
import { ArchiverError } from './error.ts';
import type { Journal } from './journal.ts';
import { MAX_WAITING_BYTES } from './limits.ts';

/** A record of the batches topic. */
export type Waiting = {
  readonly offset: number;
  readonly inTransaction: boolean;
  readonly value: Buffer;
};

export class Intake {
  readonly #origin: string;
  readonly #journal: Journal;
  #waiting: Waiting[] = [];
  #bytes = 0;
  /** Next offset to be fetched. */
  #next = 0;
  #end = 0;
  #isAligned = false;
  #isPaused = false;

  constructor(origin: string, journal: Journal) {
    this.#origin = origin;
    this.#journal = journal;
  }

  /** Whether fetches join what was fetched before; if not, `align` again. */
  get isAligned(): boolean {
    return this.#isAligned;
  }

  get first(): Waiting | undefined {
    return this.#waiting[0];
  }

  /** Records from `begun` on to the partition's end; by default from the first that waits. */
  behind(begun: number | undefined): number {
    return this.#end - (begun ?? this.first?.offset ?? this.#next);
  }

  take({ fetchedOffset, end, highWatermark, records }: Fetched): void {
    if (!this.#isAligned) return;
    if (fetchedOffset !== this.#next) {
      // It is from before the last seek, or Kafka has not what was asked for and jumped elsewhere.
      this.#isAligned = false;
      this.#journal.pause();
      return;
    }
    for (const { offset, inTransaction, value } of records) {
      // Copied: a slice would keep the broker's whole response.
      this.#waiting.push({ offset, inTransaction, value: Buffer.from(value ?? []) });
      this.#bytes += RECORD_OVERHEAD + (value?.length ?? 0);
    }
    this.#next = end;
    this.tellEnd(highWatermark);
    this.#pauseOrResume();
  }

  tellEnd(end: number): void {
    this.#end = Math.max(this.#end, end);
  }

  /**
   * Reads on at `next`, by default where it was, or where the partition begins when that has been
   * dropped.
   * @throws ArchiverError TOPIC_RECREATED
   */
  async align(next = this.#next): Promise<void> {
    const { start, end } = await this.#journal.offsets();
    if (next > end) {
      throw new ArchiverError(
        'TOPIC_RECREATED',
        `${this.#origin}: the batches topic was read up to offset ${next} and now ends at ${end}: it was created again. Find out who did. Then stop this region's archivers and delete their state, \`kafka-consumer-groups.sh --delete --group <group>-<region>.state\`: started again, they go on from what the bucket holds.`,
      );
    }
    this.#next = Math.max(next, start);
    this.#end = end;
    this.#isAligned = true;
    this.#isPaused = false;
    this.#journal.seek(this.#next);
    this.#journal.resume();
    this.#pauseOrResume();
  }

  /** The first that waits is begun or done; its bytes stay counted until they are released. */
  shift(): void {
    this.#waiting.shift();
  }

  /** @param bytes of the record's value */
  release(bytes: number): void {
    this.#bytes -= RECORD_OVERHEAD + bytes;
    this.#pauseOrResume();
  }

  /** Takes nothing more. */
  close(): void {
    this.#isAligned = false;
    try {
      this.#journal.pause();
    } catch {
      // The consumer has lost its place: it reads nothing anyway.
    }
  }

  #pauseOrResume(): void {
    if (!this.#isAligned) return;
    if (!this.#isPaused && this.#bytes > MAX_WAITING_BYTES) {
      this.#isPaused = true;
      this.#journal.pause();
    } else if (this.#isPaused && this.#bytes <= MAX_WAITING_BYTES / 2) {
      this.#isPaused = false;
      this.#journal.resume();
    }
  }
}
