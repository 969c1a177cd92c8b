/**
 * One producer's events in one log: whether they are all there, as it sent them (see ledger's
 * producer-chain.ts for the chain itself).
 *
 * Events are gathered until a link ends their flush, which then is judged as a whole:
 *
 * - It follows what came before, or it is behind a gap, or its link is broken (standing.ts).
 * - If it was there before, it may be a repeat: after a failure the SDK sends its flush once more. It
 *   is one if values, link and signature are those of a remembered one; anything else is a replay.
 * - Behind a hole of the log a flush need not join: its link is taken as it stands.
 */
import {
  type Batch,
  type EntryView,
  encodeBase64,
  firstLink,
  flushText,
  type HashText,
  type Header,
  hashOfText,
  nextLink,
  textOfHash,
} from '@authseal/ledger';
import { MAX_FLUSH_EVENTS, REMEMBERED_FLUSHES } from '../limits.ts';
import { digestOf, PastFlushes } from './past-flushes.ts';
import type { ProblemCode } from './problem-codes.ts';
import type { Problems } from './problems.ts';
import { isSignedBy, mustSign, type ProducerKeys } from './producer-keys.ts';
import type { Stamp } from './producer-stamp.ts';
import { type Position, type Signing, Standing } from './standing.ts';

/** An entry of a batch. */
export type Sighting = { readonly batch: Batch; readonly entry: EntryView };

/** What all chains share. */
export type Surroundings = {
  readonly deployment: string;
  readonly keys: ProducerKeys;
  readonly problems: Problems;
  /** Given every entry that is no exact repeat, each producer's in order. */
  readonly onEvent: ((sighting: Sighting) => void) | undefined;
};

/** The same, by its number in the batch: made into one when somebody wants it. */
type Place = { readonly batch: Batch; readonly i: number };

/** Events with sequences in a row, whose link has not come. */
type Open = {
  readonly first: number;
  next: number;
  readonly values: HashText[];
  /** Batch of its first event. */
  readonly begun: number;
  /** Of the batch of its last event. */
  header: Header;
  /** How many holes the log had at its last event. */
  cuts: number;
  /** Of a possible repeat: what is not shown before it is known to be none. */
  readonly held: Place[] | null;
};

export class ProducerChain {
  readonly #producer: string;
  readonly #service: string;
  readonly #origin: string;
  readonly #all: Surroundings;
  readonly #standing: Standing;
  #open: Open | null = null;
  readonly #past = new PastFlushes();
  /** What came before this sequence is not known, for the log has a hole there. */
  #first = 0;
  /** Flushes from before it that may be late repeats, and were not told. */
  #excused = 0;
  /** Whether the log had a hole, and no flush of the producer came since. */
  #isCut: boolean;
  #cuts: number;
  #events = 0;
  #signed = 0;
  #last = -1;

  /** `cuts`: how many holes the log has had. */
  constructor({ producer, service }: Stamp, origin: string, cuts: number, all: Surroundings) {
    this.#producer = producer;
    this.#service = service;
    this.#origin = origin;
    this.#all = all;
    const [, topic] = origin.split('/') as [string, string];
    this.#standing = new Standing(textOfHash(firstLink(all.deployment, topic, producer)));
    this.#isCut = cuts > 0;
    this.#cuts = cuts;
  }

  /** Whether a flush of it was proven. */
  get hasProof(): boolean {
    return this.#standing.hasProof;
  }

  /** Whether events of it are held back. */
  get isHolding(): boolean {
    return Boolean(this.#open?.held);
  }

  /** Of it: events (repeats and replays not counted), those that a signature covers, the last one's sequence. */
  get counts(): { events: number; signed: number; last: number } {
    return { events: this.#events, signed: this.#signed, last: this.#last };
  }

  /** The next event. */
  see({ sequence, value, link, signature }: Stamp, batch: Batch, i: number, cuts: number): void {
    if (cuts !== this.#cuts) {
      this.#cuts = cuts;
      this.#isCut = true;
    }
    if (this.#open !== null && !this.#goesOn(this.#open, sequence, batch.header)) {
      this.#endUnlinked(sequence);
    }
    const open = this.#open ?? this.#begin(sequence, batch);
    open.values.push(value);
    open.next = sequence + 1;
    open.header = batch.header;
    open.cuts = cuts;
    if (this.#all.onEvent !== undefined) {
      if (open.held === null) this.#show({ batch, i });
      else open.held.push({ batch, i });
    }
    if (link !== null) this.#end(open, link, signature);
    else if (open.values.length >= MAX_FLUSH_EVENTS) this.#endUnlinked(null);
  }

  /** What is held from before this batch ends without a link. */
  holdNoneBefore(batch: number): void {
    if (this.#open?.held && this.#open.begun < batch) this.#endUnlinked(null);
  }

  /** The log ends with this batch, after so many holes. */
  finish({ batch, heartbeat }: Header, cuts: number): void {
    const open = this.#open;
    if (open === null) return;
    this.#cuts = cuts;
    // What follows a flush's events stands right behind them, so a later batch would have it.
    const isOver = open.header.batch < batch || heartbeat === null;
    if (isOver || open.cuts !== cuts) this.#endUnlinked(null);
    else {
      this.#release(open);
      if (this.#standing.joined(open.first, this.#unsigned(open)) !== 'again') this.#count(open);
    }
  }

  /**
   * A flush is one record batch, so it reaches into the next batch at most. Where one may begin another
   * one ends, unless it began where the next is due beyond doubt.
   */
  #goesOn({ first, next, begun }: Open, sequence: number, { batch }: Header): boolean {
    const standing = this.#standing;
    if (sequence !== next || batch > begun + 1) return false;
    return standing.isProvenUpTo(first) || !standing.isDue(sequence);
  }

  #begin(first: number, { header }: Batch): Open {
    const mayRepeat = first < this.#standing.end;
    const held = mayRepeat ? [] : null;
    const { batch: begun } = header;
    this.#open = { first, next: first, values: [], begun, header, cuts: this.#cuts, held };
    return this.#open;
  }

  /** A link came. */
  #end(open: Open, link: Buffer, signature: Buffer | null): void {
    this.#open = null;
    const { first, values } = open;
    const last = open.next - 1;
    const digest = digestOf(values, link, signature);
    if (this.#past.has(first, digest)) {
      this.#add('REPEAT', open, 'each flush once', `sequences ${first} to ${last} a second time`);
      return;
    }
    this.#release(open);
    const signing = this.#signing(open, link, signature);
    const { mustSign, isSigned } = signing;
    const joined = this.#standing.joined(first, signing);
    if (joined === 'again') {
      this.#endAgain(open, link, signing);
      return;
    }
    if (joined === 'gap') this.#gap(open, signing);
    const follows = joined !== 'gap' && this.#follows(joined, open, link, isSigned);
    if (!isSigned) this.#noSignature(open, signature, mustSign);
    this.#count(open);
    // The signature is of the link alone: it covers the events only if the link does.
    if (isSigned && follows) this.#signed += values.length;
    const isProven = this.#move(open, joined, textOfHash(link), follows, signing);
    this.#past.add({ first, digest }, isProven);
  }

  #endAgain(open: Open, link: Buffer, signing: Signing): void {
    this.#replayed(open, signing);
    // What took its place was sent before the service had to sign: the chain goes on with what it signed.
    if (!signing.isSigned || !this.#standing.isUnsignedFrom(open.first)) return;
    this.#standing.prove(open.next, textOfHash(link), true);
    this.#first = Math.min(this.#first, open.first);
  }

  /** Whether the link is the one due; null before it: nobody knows. */
  #follows({ link: before }: Position, open: Open, link: Buffer, isSigned: boolean): boolean {
    if (before === null) return false;
    const last = open.next - 1;
    const due = nextLink(hashOfText(before), last, open.values);
    if (due.equals(link)) return true;
    const expected = `link ${encodeBase64(due)} at sequence ${last}`;
    this.#add('LINK_BROKEN', open, expected, `link ${encodeBase64(link)}`, isSigned);
    return false;
  }

  /** Behind a flush that came with its link. Returns whether it is proven. */
  #move(
    { first, next }: Open,
    joined: Position | 'gap',
    link: HashText,
    follows: boolean,
    { mustSign, isSigned }: Signing,
  ): boolean {
    const isJoined = follows && joined !== 'gap' && joined.isJoined;
    const isBehindHole = joined === 'gap' && this.#isCut;
    const mayCount = isSigned || !mustSign;
    if (isBehindHole && mayCount) {
      this.#first = first;
      this.#excused = 0;
    }
    if (mayCount) this.#isCut = false;
    const isProven = isSigned || (!mustSign && (isJoined || isBehindHole));
    if (isProven) this.#standing.prove(next, link, isSigned);
    else this.#standing.lead({ next, link, isJoined });
    return isProven;
  }

  /** No link came; `following` is the sequence of the event that did. */
  #endUnlinked(following: number | null): void {
    const open = this.#open as Open;
    this.#open = null;
    this.#release(open);
    const signing = this.#unsigned(open);
    const joined = this.#standing.joined(open.first, signing);
    if (joined === 'again') {
      this.#replayed(open, signing);
      return;
    }
    this.#count(open);
    if (open.cuts !== this.#cuts) return;
    if (joined === 'gap') this.#gap(open, signing);
    const { first, next } = open;
    this.#standing.lead({ next, link: null, isJoined: false });
    // The gap behind it says the same; but none is named where anybody may have sent what follows.
    const isNamed = following !== null && following > next && !this.#standing.isDue(following);
    if (isNamed && !signing.mustSign) return;
    const found = `sequences ${first} to ${next - 1} and no link`;
    this.#add('FLUSH_UNFINISHED', open, 'a link at the end of each flush', found);
  }

  /** Sequences are missing before this flush; if it must be signed and is not, it tells of none. */
  #gap(open: Open, signing: Signing): void {
    const { mustSign, isSigned } = signing;
    if (this.#isCut || (mustSign && !isSigned)) return;
    const { first } = open;
    const due = this.#standing.gapBefore(first, signing);
    const orElse = isSigned && !this.#standing.isWhole ? ', or not as it signed them' : '';
    const found = `${first}: ${first - due} events are missing${orElse}`;
    this.#add('SEQUENCE_GAP', open, `sequence ${due}`, found, isSigned);
  }

  #replayed(open: Open, { mustSign, isSigned }: Signing): void {
    // What was there before the log's hole cannot be compared: a few may be late repeats of it.
    const mayRepeat = open.first < this.#first && (isSigned || !mustSign);
    if (mayRepeat && this.#excused < REMEMBERED_FLUSHES) {
      this.#excused += 1;
      return;
    }
    const found = `sequences ${open.first} to ${open.next - 1}, and that is none of its last ${REMEMBERED_FLUSHES} flushes again`;
    this.#add('REPLAYED', open, `sequence ${this.#standing.end}`, found);
  }

  #signing(open: Open, link: Buffer, signature: Buffer | null): Signing {
    const unsigned = this.#unsigned(open);
    if (signature === null) return unsigned;
    const { deployment, keys } = this.#all;
    const text = flushText(deployment, this.#producer, open.next - 1, link);
    return { ...unsigned, isSigned: isSignedBy(keys, this.#service, text, signature) };
  }

  #unsigned({ header }: Open): Signing {
    return { mustSign: mustSign(this.#all.keys, this.#service, header.sealedAt), isSigned: false };
  }

  /** No signature of the service is there. */
  #noSignature(open: Open, signature: Buffer | null, mustSign: boolean): void {
    const expected = `the signature of ${this.#service} at sequence ${open.next - 1}`;
    if (signature === null) {
      if (mustSign) this.#add('FLUSH_UNSIGNED', open, expected, 'no signature');
    } else if (this.#all.keys.has(this.#service)) {
      this.#add('FLUSH_FORGED', open, expected, 'a signature by no key of it');
    }
  }

  #count({ next, values }: Open): void {
    this.#events += values.length;
    this.#last = next - 1;
  }

  /** No repeat, or not known to be one: rather twice in an export than not at all. */
  #release({ held }: Open): void {
    for (const place of held ?? []) this.#show(place);
  }

  #show({ batch, i }: Place): void {
    this.#all.onEvent?.({ batch, entry: batch.entryAt(i) });
  }

  #add(code: ProblemCode, { header }: Open, expected: string, found: string, isSigned = false) {
    const producer = this.#producer;
    const finding = { origin: this.#origin, batch: header.batch, expected };
    const shown = {
      ...finding,
      found: `${producer}: ${found}`,
      ...(isSigned && { signedBy: producer }),
    };
    this.#all.problems.add(code, shown);
  }
}
