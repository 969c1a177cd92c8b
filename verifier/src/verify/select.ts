/** Which of the keys listed are fetched. A key tells the day on which its batch was sealed. */
import { type KeyParts, parseObjectKey } from '@authseal/ledger';
import type { ListedKey } from '../archive/list.ts';
import { endOf, type Scope } from './scope.ts';

export type SelectedKey = {
  readonly listed: ListedKey;
  /** null: no key of a batch. */
  readonly parts: KeyParts | null;
  /** Of a day before the scope. */
  readonly isBefore: boolean;
};

/**
 * Leaves out days after the scope, save the first key of each log there: its batch shows whether one
 * is missing at the end. Days before the scope are not to be fetched; their numbers show the same at
 * the beginning.
 */
export async function* selectKeys(
  keys: AsyncIterable<ListedKey>,
  scope: Scope,
): AsyncGenerator<SelectedKey> {
  const firstDay = scope.from === null ? '' : dayOf(scope.from);
  const lastDay = dayOf(endOf(scope));
  let endedLog = '';
  for await (const listed of keys) {
    const parts = parseObjectKey('', listed.name);
    const log = parts === null ? '' : `${parts.topic}/${parts.partition}`;
    if (parts !== null && parts.date > lastDay) {
      if (log === endedLog) continue;
      endedLog = log;
    }
    yield { listed, parts, isBefore: parts !== null && parts.date < firstDay };
  }
}

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
