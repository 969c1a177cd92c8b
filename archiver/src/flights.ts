/**
 * The batches of one partition that were sent to S3 and are not committed yet, in the order of the
 * log. They arrive in any order. The place is committed after the last that has arrived with none
 * missing before it, for several at once, while the next ones are on their way.
 */
import { encodePlace, type Place } from './continuity.ts';
import type { JournalOwner } from './journal.ts';
import { MAX_PUTS, MAX_UNCOMMITTED } from './limits.ts';
import type { OurBatch } from './our-batch.ts';

export type Flight = {
  readonly batch: OurBatch;
  /** Its record's, in the batches topic. */
  readonly offset: number;
  /** Where the log stands when it has arrived. */
  readonly place: Place;
  /** Resolves when it has arrived. */
  readonly arrival: Promise<unknown>;
};

type Listener = {
  /** In order, none left out; at least one. */
  committed(batches: readonly OurBatch[]): void;
  /** A batch has arrived, a commit has ended, or one of them failed. */
  changed(): void;
};

type State = 'under way' | 'arrived' | { readonly error: unknown };

export class Flights {
  readonly #owner: JournalOwner;
  readonly #listener: Listener;
  #flights: (Flight & { state: State; readonly ended: Promise<void> })[] = [];
  #committing: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(owner: JournalOwner, listener: Listener) {
    this.#owner = owner;
    this.#listener = listener;
  }

  get isEmpty(): boolean {
    return this.#flights.length === 0;
  }

  /** Nothing more is to be sent before something has arrived or was committed. */
  get isFull(): boolean {
    const underWay = this.#flights.filter(({ state }) => state !== 'arrived');
    return underWay.length >= MAX_PUTS || this.#flights.length >= MAX_UNCOMMITTED;
  }

  /** Offset of the first that is not committed. */
  get first(): number | undefined {
    return this.#flights[0]?.offset;
  }

  /** What a commit threw, or the first batch when all before it is committed; nothing can follow. */
  get failure(): { readonly error: unknown } | null {
    const state = this.#flights[0]?.state;
    return this.#failure ?? (typeof state === 'object' ? state : null);
  }

  /** @param flight follows those that were added before */
  add(flight: Flight): void {
    const end = (state: State) => {
      added.state = state;
      this.#listener.changed();
    };
    const ended = flight.arrival.then(
      () => end('arrived'),
      (error: unknown) => end({ error }),
    );
    const added = { ...flight, ended, state: 'under way' as State };
    this.#flights.push(added);
  }

  /** Begins to commit what has arrived, if that is at least so many batches and no commit is under way. */
  commit(least: number): void {
    if (this.#committing !== null || this.#failure !== null) return;
    const missing = this.#flights.findIndex(({ state }) => state !== 'arrived');
    const arrived = this.#flights.slice(0, missing < 0 ? this.#flights.length : missing);
    if (arrived.length < least) return;
    this.#committing = this.#commit(arrived);
  }

  /** Resolves when all that were added have arrived or failed. */
  async landed(): Promise<void> {
    await Promise.all(this.#flights.map(({ ended }) => ended));
  }

  /** Resolves when nothing is under way any more; what has arrived may be uncommitted. */
  async ended(): Promise<void> {
    await this.landed();
    await this.#committing;
  }

  async #commit(arrived: readonly Flight[]): Promise<void> {
    const { offset, place } = arrived.at(-1) as Flight;
    try {
      await this.#owner.commit({ offset: offset + 1, metadata: encodePlace(place) });
      this.#flights = this.#flights.slice(arrived.length);
      this.#listener.committed(arrived.map(({ batch }) => batch));
    } catch (error) {
      this.#failure = { error };
    }
    this.#committing = null;
    this.#listener.changed();
  }
}
