/** All attacks, in the order of docs/threats.md. */
import type { Attack } from './attack.ts';
import { ON_BATCHES } from './batches.ts';
import { ON_KEYS } from './keys.ts';
import { ON_LOCKS } from './locks.ts';
import { ON_OBJECTS } from './objects.ts';
import { ON_PRODUCERS } from './producers.ts';

export const ATTACKS: readonly (readonly [on: string, attacks: readonly Attack[]])[] = [
  ['On the bytes of a batch', ON_OBJECTS],
  ['On which batches there are, and where', ON_BATCHES],
  ['On the locks', ON_LOCKS],
  ['On keys, and by stolen keys', ON_KEYS],
  ['Between a service and the seal', ON_PRODUCERS],
];
