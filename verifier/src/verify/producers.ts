/** The producers of all logs: each one's chain (producer-chain.ts), and the events outside of any. */
import { type Batch, EntryCursor, excerpt, type Header } from '@authseal/ledger';
import { serviceOfEvent } from './event-service.ts';
import { ProducerChain, type Surroundings } from './producer-chain.ts';
import { mustSign } from './producer-keys.ts';
import { type Stamp, serviceOfKey, stampOf } from './producer-stamp.ts';
import { Strays } from './strays.ts';

export type ProducerReport = {
  /** `<service>/<uuid of its run>` */
  readonly producer: string;
  /** Events looked at, repeats and replays not counted. */
  readonly events: number;
  /** How many of them are covered by a signature of the service that holds. */
  readonly signed: number;
  /** Sequence of the last one. */
  readonly last: number;
};

export class Producers {
  readonly #all: Surroundings;
  /** Producer → log that it keeps to. */
  readonly #homes = new Map<string, string>();
  readonly #reports: ProducerReport[] = [];
  /** Of the log being walked. */
  #chains = new Map<string, ProducerChain>();
  /** Of these, those that hold events back, and so their batches in memory. */
  readonly #holding = new Set<ProducerChain>();
  #cuts = 0;
  #strays = new Strays();

  constructor(all: Surroundings) {
    this.#all = all;
  }

  /** The log being walked has a hole here: what comes next need not join. */
  cut(): void {
    this.#cuts += 1;
  }

  /** Looks at the entries of the next batch of the log being walked. */
  look(batch: Batch): void {
    for (const chain of this.#holding) {
      chain.holdNoneBefore(batch.header.batch - 1);
      if (!chain.isHolding) this.#holding.delete(chain);
    }
    const entry = new EntryCursor();
    for (let i = 0; i < batch.header.count; i += 1) {
      batch.moveTo(i, entry);
      const stamp = stampOf(entry, batch);
      const claimed = serviceOfEvent(batch, entry);
      if (stamp === null) this.#strayed(batch, i, claimed ?? serviceOfKey(entry));
      else {
        if (claimed !== null && claimed !== stamp.service)
          this.#impersonated(batch, stamp, claimed);
        const chain = this.#chains.get(stamp.producer) ?? this.#begin(stamp, batch.header);
        chain.see(stamp, batch, i, this.#cuts);
        if (chain.isHolding) this.#holding.add(chain);
      }
    }
  }

  /** The log being walked ends with this batch. */
  finish(origin: string, header: Header): void {
    for (const [producer, chain] of this.#chains) {
      chain.finish(header, this.#cuts);
      // Anybody may put its id into another log before it: that is no home of it.
      if (chain.hasProof && !this.#homes.has(producer)) this.#homes.set(producer, origin);
      this.#reports.push({ producer, ...chain.counts });
    }
    this.#strays.report(origin, this.#all.problems);
    this.#chains = new Map();
    this.#holding.clear();
    this.#strays = new Strays();
    this.#cuts = 0;
  }

  /** All producers, in the order of their names. */
  list(): ProducerReport[] {
    return this.#reports.sort(
      (a, b) => Number(a.producer > b.producer) - Number(a.producer < b.producer),
    );
  }

  #begin(stamp: Stamp, { origin, batch }: Header): ProducerChain {
    const { producer } = stamp;
    const home = this.#homes.get(producer);
    const chain = new ProducerChain(stamp, origin, this.#cuts, this.#all);
    this.#chains.set(producer, chain);
    if (home !== undefined) {
      const found = `${producer}: events here too`;
      const expected = `its events in ${home} only`;
      this.#all.problems.add('PRODUCER_MOVED', { origin, batch, expected, found });
    }
    return chain;
  }

  #strayed(batch: Batch, i: number, service: string | null): void {
    this.#all.onEvent?.({ batch, entry: batch.entryAt(i) });
    const { sealedAt } = batch.header;
    const isAsked = service !== null && mustSign(this.#all.keys, service, sealedAt);
    const severity = isAsked ? 'incident' : 'note';
    const named = service === null ? 'that name no service' : `that name ${shown(service)}`;
    const what = `${named}, without key or sequence`;
    this.#strays.add(batch.header.batch, { code: 'UNCHAINED', severity, what });
  }

  #impersonated({ header }: Batch, { producer }: Stamp, claimed: string): void {
    const what = `of ${producer} that name ${shown(claimed)}`;
    this.#strays.add(header.batch, { code: 'IMPERSONATED', severity: 'incident', what });
  }
}

/** A name as an event has it: anybody may write a megabyte there. */
function shown(service: string): string {
  return /^[a-z0-9.-]{1,249}$/.test(service) ? service : excerpt(service);
}
