/**
 * The producers of all logs: whether each one's events are all there, as it sent them (see
 * ledger's producer-chain.ts for the chain itself).
 *
 * A producer keeps to one log, so its events come in the order in which it sent them. Of each is
 * kept: the sequence due next, the link before its open flush, and hashes of that flush's values.
 *
 * - An event with the sequence due joins the open flush; one with a link ends it, and is checked.
 * - A later sequence is a gap, unless the log has a hole there (**cut**): then the flush is
 *   unproven, which is no problem, and the next link is taken as it stands.
 * - An earlier sequence may be a repeat: after a failure the SDK sends its flush once more. It is one
 *   if the flush equals a remembered one in every byte; anything else is a replay.
 */
import {
  type Batch,
  EntryCursor,
  type EntryView,
  encodeBase64,
  excerpt,
  firstLink,
  flushSignatureHolds,
  flushText,
  type Hash,
  type HashText,
  type Header,
  hashOfText,
  nextLink,
  sha256,
} from '@authseal/ledger';
import { MAX_FLUSH_EVENTS, REMEMBERED_FLUSHES } from '../limits.ts';
import { serviceOfEvent } from './event-service.ts';
import type { ProblemCode } from './problem-codes.ts';
import type { Problems } from './problems.ts';
import type { ProducerKeys } from './producer-keys.ts';
import { type Stamp, serviceOfKey, stampOf } from './producer-stamp.ts';
import { Strays } from './strays.ts';

export type ProducerReport = {
  /** `<service>/<uuid of its run>` */
  readonly producer: string;
  /** Events looked at, repeats not counted. */
  readonly events: number;
  /** How many of them are covered by a signature of the service that holds. */
  readonly signed: number;
  /** Sequence of the last one. */
  readonly last: number;
};

/** An entry of a batch. */
export type Sighting = { readonly batch: Batch; readonly entry: EntryView };

/** The same, by its number in the batch: made into one when somebody wants it. */
type Place = { readonly batch: Batch; readonly i: number };

/** A flush that ended. `digest`: of its values and its link, base64. */
type Flush = { readonly first: number; readonly last: number; readonly digest: string };

/** Events with sequences that were there before. */
type Again = { readonly first: number; next: number; values: HashText[]; held: Place[] };

type Chain = {
  readonly producer: string;
  readonly service: string;
  readonly origin: string;
  /** What came before this sequence is not known. */
  readonly first: number;
  /** Sequence due. */
  next: number;
  /** Link before the open flush; null: not proven. */
  link: Hash | null;
  /** Hashes of the open flush's values. */
  open: HashText[];
  /** Batch of the last event. */
  batch: number;
  past: Flush[];
  again: Again | null;
  /** How many holes the log had at the last event. */
  cuts: number;
  events: number;
  signed: number;
};

export class Producers {
  readonly #deployment: string;
  readonly #keys: ProducerKeys;
  readonly #problems: Problems;
  readonly #onEvent: ((sighting: Sighting) => void) | null;
  /** Producer → log that it keeps to. */
  readonly #homes = new Map<string, string>();
  readonly #reports: ProducerReport[] = [];
  /** Of the log being walked. */
  #chains = new Map<string, Chain>();
  #cuts = 0;
  #strays = new Strays();

  /** `onEvent` is given every entry that is no exact repeat, each producer's in order. */
  constructor(
    deployment: string,
    keys: ProducerKeys,
    problems: Problems,
    onEvent: ((sighting: Sighting) => void) | null = null,
  ) {
    this.#deployment = deployment;
    this.#keys = keys;
    this.#problems = problems;
    this.#onEvent = onEvent;
  }

  /** The log being walked has a hole here: what comes next need not join. */
  cut(): void {
    this.#cuts += 1;
  }

  /** Looks at the entries of the next batch of the log being walked. */
  look(batch: Batch): void {
    const entry = new EntryCursor();
    for (let i = 0; i < batch.header.count; i += 1) {
      batch.moveTo(i, entry);
      const stamp = stampOf(entry, batch);
      const claimed = serviceOfEvent(batch, entry);
      if (stamp === null) this.#strayed({ batch, i }, claimed ?? serviceOfKey(entry));
      else {
        if (claimed !== null && claimed !== stamp.service)
          this.#impersonated(batch, stamp, claimed);
        this.#see(stamp, { batch, i });
      }
    }
  }

  /** The log being walked ends with this batch. */
  finish(origin: string, { batch, heartbeat }: Header): void {
    for (const chain of this.#chains.values()) {
      // What follows a flush's events stands right behind them, so a later batch would have it.
      const isOver = chain.cuts === this.#cuts && (chain.batch < batch || heartbeat === null);
      if (chain.again !== null && isOver) this.#endAgain(chain, chain.batch, null);
      else if (chain.again !== null) this.#release(chain.again);
      if (chain.open.length > 0 && isOver) this.#unfinished(chain, chain.batch);
      const { producer, events, signed, next } = chain;
      this.#reports.push({ producer, events, signed, last: next - 1 });
    }
    this.#strays.report(origin, this.#problems);
    this.#chains = new Map();
    this.#strays = new Strays();
    this.#cuts = 0;
  }

  /** All producers, in the order of their names. */
  list(): ProducerReport[] {
    return this.#reports.sort((a, b) => (a.producer < b.producer ? -1 : 1));
  }

  #see(stamp: Stamp, place: Place): void {
    const { header } = place.batch;
    const chain = this.#chains.get(stamp.producer) ?? this.#begin(stamp, header);
    if (chain.again !== null && !joins(chain.again, stamp, header)) {
      this.#endAgain(chain, header.batch, null);
    }
    chain.batch = header.batch;
    if (stamp.sequence < chain.next) this.#seeAgain(chain, stamp, place);
    else {
      if (stamp.sequence > chain.next) this.#skip(chain, stamp, header);
      this.#append(chain, stamp, header);
      this.#show(place);
    }
    chain.cuts = this.#cuts;
  }

  #begin({ producer, service, sequence }: Stamp, { origin, batch }: Header): Chain {
    const home = this.#homes.get(producer);
    if (home === undefined) this.#homes.set(producer, origin);
    const [, topic] = origin.split('/') as [string, string];
    const isFromFirst = home === undefined && (sequence === 0 || this.#cuts === 0);
    const chain: Chain = {
      producer,
      service,
      origin,
      first: isFromFirst ? 0 : sequence,
      next: isFromFirst ? 0 : sequence,
      link: isFromFirst ? firstLink(this.#deployment, topic, producer) : null,
      open: [],
      batch,
      past: [],
      again: null,
      cuts: this.#cuts,
      events: 0,
      signed: 0,
    };
    this.#chains.set(producer, chain);
    if (home !== undefined) {
      const found = `events of ${producer} here too`;
      this.#add('PRODUCER_MOVED', chain, batch, `its events in ${home} only`, found);
    }
    return chain;
  }

  /** Sequences are missing before this event. */
  #skip(chain: Chain, { sequence }: Stamp, { batch }: Header): void {
    if (chain.cuts === this.#cuts) {
      const found = `${sequence}: ${sequence - chain.next} events are missing`;
      this.#add('SEQUENCE_GAP', chain, batch, `sequence ${chain.next}`, found);
    }
    chain.link = null;
    chain.open = [];
    chain.next = sequence;
  }

  #append(chain: Chain, stamp: Stamp, header: Header): void {
    chain.open.push(stamp.value);
    chain.next = stamp.sequence + 1;
    chain.events += 1;
    if (stamp.link !== null) this.#endFlush(chain, stamp, stamp.link, header);
    else if (chain.open.length >= MAX_FLUSH_EVENTS) {
      this.#unfinished(chain, header.batch);
      chain.open = [];
      chain.link = null;
    }
  }

  #endFlush(chain: Chain, { sequence, signature }: Stamp, link: Buffer, header: Header): void {
    const due = chain.link && nextLink(chain.link, sequence, chain.open);
    const isProven = due?.equals(link) ?? false;
    if (due !== null && !isProven) {
      const expected = `link ${encodeBase64(due)} at sequence ${sequence}`;
      this.#add('LINK_BROKEN', chain, header.batch, expected, `link ${encodeBase64(link)}`);
    }
    const isSigned = this.#judgeSignature(chain, sequence, link, signature, header);
    // The signature is of the link alone: it covers the events only if the link does.
    if (isSigned && isProven) chain.signed += chain.open.length;
    const first = sequence + 1 - chain.open.length;
    chain.past.push({ first, last: sequence, digest: digestOf(chain.open, link) });
    if (chain.past.length > REMEMBERED_FLUSHES) chain.past.shift();
    // A copy in memory of its own: a view would keep the whole batch alive, or a piece of Node's pool.
    chain.link = Buffer.allocUnsafeSlow(link.length);
    link.copy(chain.link);
    chain.open = [];
  }

  /** Whether a signature by the service's key is there and holds. */
  #judgeSignature(
    chain: Chain,
    sequence: number,
    link: Buffer,
    signature: Buffer | null,
    { batch, sealedAt }: Header,
  ): boolean {
    const keys = this.#keys.get(chain.service);
    if (keys === undefined) return false;
    const expected = `the signature of ${chain.service} at sequence ${sequence}`;
    if (signature === null) {
      if (sealedAt >= keys.from) {
        this.#add('FLUSH_UNSIGNED', chain, batch, expected, 'no signature');
      }
      return false;
    }
    const text = flushText(this.#deployment, chain.producer, sequence, link);
    if (keys.publicKeys.some((key) => flushSignatureHolds(text, signature, key))) return true;
    this.#add('FLUSH_FORGED', chain, batch, expected, 'a signature by no key of it');
    return false;
  }

  #seeAgain(chain: Chain, { sequence, value, link }: Stamp, place: Place): void {
    chain.again ??= { first: sequence, next: sequence, values: [], held: [] };
    const { again } = chain;
    again.values.push(value);
    again.held.push(place);
    again.next = sequence + 1;
    const isOver =
      link !== null || again.next === chain.next || again.values.length >= MAX_FLUSH_EVENTS;
    if (isOver) this.#endAgain(chain, place.batch.header.batch, link);
  }

  #endAgain(chain: Chain, batch: number, link: Buffer | null): void {
    const again = chain.again as Again;
    const { first, next, values } = again;
    chain.again = null;
    const digest = link && digestOf(values, link);
    const isRepeat = chain.past.some(
      (flush) => flush.first === first && flush.last === next - 1 && digest === flush.digest,
    );
    const found = `sequences ${first} to ${next - 1} a second time`;
    if (isRepeat) {
      this.#add('REPEAT', chain, batch, 'each flush once', found);
      return;
    }
    this.#release(again);
    // What was there before the log's hole cannot be compared.
    if (first < chain.first) return;
    this.#add('REPLAYED', chain, batch, `sequence ${chain.next}`, `${found}, not as they were`);
  }

  /** No repeat, or not known to be one: rather twice in an export than not at all. */
  #release({ held }: Again): void {
    for (const place of held) this.#show(place);
  }

  #show({ batch, i }: Place): void {
    this.#onEvent?.({ batch, entry: batch.entryAt(i) });
  }

  #unfinished(chain: Chain, batch: number): void {
    const first = chain.next - chain.open.length;
    const found = `sequences ${first} to ${chain.next - 1} and no link`;
    this.#add('FLUSH_UNFINISHED', chain, batch, 'a link at the end of each flush', found);
  }

  #strayed(place: Place, service: string | null): void {
    this.#show(place);
    const { batch } = place;
    const keys = service === null ? undefined : this.#keys.get(service);
    const severity = keys && batch.header.sealedAt >= keys.from ? 'incident' : 'note';
    const named = service === null ? 'that name no service' : `that name ${shown(service)}`;
    const what = `${named}, without key or sequence`;
    this.#strays.add(batch.header.batch, { code: 'UNCHAINED', severity, what });
  }

  #impersonated({ header }: Batch, { producer }: Stamp, claimed: string): void {
    const what = `of ${producer} that name ${shown(claimed)}`;
    this.#strays.add(header.batch, { code: 'IMPERSONATED', severity: 'incident', what });
  }

  #add(code: ProblemCode, chain: Chain, batch: number, expected: string, found: string): void {
    const { origin, producer } = chain;
    this.#problems.add(code, { origin, batch, expected, found: `${producer}: ${found}` });
  }
}

/** A name as an event has it: anybody may write a megabyte there. */
function shown(service: string): string {
  return /^[a-z0-9.-]{1,249}$/.test(service) ? service : excerpt(service);
}

/** Whether an event goes on with a possible repeat. A flush is one record batch, so it reaches into the next batch at most. */
function joins({ next, held }: Again, { sequence }: Stamp, { batch }: Header): boolean {
  const begun = held[0]?.batch.header.batch ?? batch;
  return sequence === next && batch <= begun + 1;
}

function digestOf(values: readonly HashText[], link: Buffer): string {
  return encodeBase64(sha256(Buffer.concat([hashOfText(values.join('')), link])));
}
