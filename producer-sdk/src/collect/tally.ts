/** The account of a collection: nothing that was read is missing in it. */
import type { EventKind } from '@authseal/schemas';
import type { Outcome } from './outcome.ts';

/** Where the first malformed or refused ones are is shown; of the others the number. */
const SHOWN_PLACES = 5;

/** Different reasons that are told apart; a hostile file could invent any number of them. */
const MAX_REASONS = 200;

/** Numbers by name. */
class Counts {
  readonly byName = new Map<string, number>();
  total = 0;

  add(name: string): void {
    const known = this.byName.has(name) || this.byName.size < MAX_REASONS;
    const counted = known ? name : 'more reasons';
    this.byName.set(counted, (this.byName.get(counted) ?? 0) + 1);
    this.total++;
  }

  rows(): [string, number][] {
    return [...this.byName].sort(([, a], [, b]) => b - a);
  }
}

export class Tally {
  /** Lines or records that were read: those with events, skipped and malformed together. */
  read = 0;
  withEvents = 0;
  readonly events = new Counts();
  readonly skipped = new Counts();
  readonly malformed = new Counts();
  /** Events that the SDK refused or Kafka did not confirm. */
  readonly refused = new Counts();
  /** Inputs that could not be read to their end. */
  readonly unreadable: string[] = [];
  readonly #places: string[] = [];

  /** Count what became of a line or record; `place` is where it stands. */
  outcome(outcome: Outcome, place: string): void {
    this.read++;
    if ('events' in outcome) this.withEvents++;
    else if ('skipped' in outcome) this.skipped.add(outcome.skipped);
    else {
      this.malformed.add(outcome.malformed);
      this.#note(`${place}: ${outcome.malformed}`);
    }
  }

  /** An event that was taken: by Kafka, or by standard output. */
  event(kind: EventKind): void {
    this.events.add(kind);
  }

  refuse(code: string, place: string, message: string): void {
    this.refused.add(code);
    this.#note(`${place}: ${message}`);
  }

  #note(line: string): void {
    if (this.#places.length < SHOWN_PLACES) this.#places.push(line);
  }

  /** Whether all that was read was understood and taken. */
  get isComplete(): boolean {
    return this.malformed.total + this.refused.total + this.unreadable.length === 0;
  }

  /** The account as a table; `unit` is what was counted, such as lines. */
  table(unit: string): string {
    const lines = [row(`${unit} read`, this.read), row(`  ${unit} with events`, this.withEvents)];
    const section = (title: string, counts: Counts) => {
      lines.push(row(title, counts.total));
      for (const [name, count] of counts.rows()) lines.push(row(`    ${name}`, count));
    };
    section(`  ${unit} skipped`, this.skipped);
    section(`  ${unit} malformed`, this.malformed);
    section('events', this.events);
    if (this.refused.total > 0) section('events refused', this.refused);
    for (const place of this.#places) lines.push(`! ${place}`);
    for (const message of this.unreadable) lines.push(`! ${message}`);
    return lines.join('\n');
  }
}

const row = (name: string, count: number): string =>
  `${name.padEnd(60)} ${String(count).padStart(10)}`;
