/** Events outside any chain, or of another service than their producer's: many may be alike, so they are counted and named once a log. */
import type { Problems } from './problems.ts';

type Stray = {
  readonly code: 'UNCHAINED' | 'IMPERSONATED';
  readonly severity: 'incident' | 'note';
  /** Completes "3 events …". */
  readonly what: string;
};

export class Strays {
  readonly #counted = new Map<
    string,
    { readonly stray: Stray; readonly batch: number; count: number }
  >();

  add(batch: number, stray: Stray): void {
    const key = `${stray.code} ${stray.severity} ${stray.what}`;
    const counted = this.#counted.get(key);
    if (counted === undefined) this.#counted.set(key, { stray, batch, count: 1 });
    else counted.count += 1;
  }

  /** Names them, each with the batch of its first event. */
  report(origin: string, problems: Problems): void {
    const expected = 'events under the key, sequence and chain of the service that they name';
    for (const { stray, batch, count } of this.#counted.values()) {
      const { code, severity, what } = stray;
      const found = `${count} ${count === 1 ? 'event' : 'events'} ${what}`;
      problems.add(code, { origin, batch, expected, found, severity });
    }
  }
}
