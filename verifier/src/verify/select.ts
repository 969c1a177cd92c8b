/** Which of the keys listed are read. A key tells the day on which its batch was sealed. */
import { type KeyParts, parseObjectKey } from '@authseal/ledger';
import type { ListedKey } from '../archive/list.ts';
import { MAX_HELD_KEYS } from '../limits.ts';
import { batchesAt, type ExaminedKey } from './object.ts';
import { endOf, type Scope } from './scope.ts';

/** A key of a batch; `examined`: it had to be read to know whether more are. */
export type BatchKey = {
  readonly listed: ListedKey;
  readonly parts: KeyParts;
  /** Of a day before the scope. */
  readonly isBefore: boolean;
  readonly examined: ExaminedKey | null;
};

/** `parts` null: no key of a batch. */
export type SelectedKey = BatchKey | { readonly listed: ListedKey; readonly parts: null };

type Examine = (parts: KeyParts, listed: ListedKey) => Promise<ExaminedKey>;

/**
 * Of each log: the keys of the scope's days; of the days before, the last key that holds a batch,
 * which the first batch of the scope must continue, and what stands behind it, newest first; of the
 * days after, the first key that holds one, to show whether one is missing at the end, and what
 * stands before it.
 */
export async function* selectKeys(
  keys: AsyncIterable<ListedKey>,
  scope: Scope,
  examine: Examine,
): AsyncGenerator<SelectedKey> {
  const firstDay = scope.from === null ? '' : dayOf(scope.from);
  const lastDay = dayOf(endOf(scope));
  const before = new KeysBefore(examine);
  let endedLog = '';
  for await (const listed of keys) {
    const parts = parseObjectKey('', listed.name);
    if (parts === null) {
      yield { listed, parts };
      continue;
    }
    const log = `${parts.topic}/${parts.partition}`;
    if (log !== before.log || parts.date >= firstDay) yield* before.release();
    if (parts.date < firstDay) before.push(log, { listed, parts });
    else if (parts.date <= lastDay) yield { listed, parts, isBefore: false, examined: null };
    else if (log !== endedLog) {
      const examined = await examine(parts, listed);
      if (batchesAt(examined).length > 0) endedLog = log;
      yield { listed, parts, isBefore: false, examined };
    }
  }
  yield* before.release();
}

/** The last keys of a log before the scope's first day. */
class KeysBefore {
  log = '';
  readonly #examine: Examine;
  #keys: { listed: ListedKey; parts: KeyParts }[] = [];

  constructor(examine: Examine) {
    this.#examine = examine;
  }

  push(log: string, key: { listed: ListedKey; parts: KeyParts }): void {
    this.log = log;
    this.#keys.push(key);
    if (this.#keys.length >= 2 * MAX_HELD_KEYS) this.#keys = this.#keys.slice(-MAX_HELD_KEYS);
  }

  /** Newest first, up to one that holds a batch. */
  async *release(): AsyncGenerator<BatchKey> {
    const keys = this.#keys.slice(-MAX_HELD_KEYS).reverse();
    this.#keys = [];
    for (const { listed, parts } of keys) {
      const examined = await this.#examine(parts, listed);
      yield { listed, parts, isBefore: true, examined };
      if (batchesAt(examined).length > 0) return;
    }
  }
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
