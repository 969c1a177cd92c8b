/** What callers say of an event; the producer fills in the rest. */
import type { AuthEvent, EventKind } from '@authseal/schemas';
import { ProducerError } from './error.ts';
import { newEventId } from './event-id.ts';

/** What the producer fills in unless it is given. */
interface Filled {
  /** UUIDv7. Default: a new one. */
  id?: string;
  /** When it happened: a Date, or microseconds since 1970-01-01 UTC. Default: now. */
  time?: Date | number;
}

type FieldsOf<E> = E extends AuthEvent ? Omit<E, 'id' | 'time' | 'service' | 'kind'> : never;

/** The input of one kind's method: the fields of the kind. */
export type InputOf<K extends EventKind> = FieldsOf<Extract<AuthEvent, { kind: K }>> & Filled;

/** The input of `record`: an event of any kind. `service`, when given, must be the producer's. */
export type EventInput = {
  [K in EventKind]: InputOf<K> & { kind: K; service?: string };
}[EventKind];

/** Microseconds since 1970-01-01 UTC, as events count time. */
export function micros(date: Date): number {
  return date.getTime() * 1000;
}

/**
 * The whole event.
 * @throws ProducerError INVALID_EVENT when it names another service: verify would call it IMPERSONATED
 */
export function completeEvent(input: EventInput, service: string): AuthEvent {
  if (input.service !== undefined && input.service !== service) {
    throw new ProducerError(
      'INVALID_EVENT',
      `service: expected ${JSON.stringify(service)}, the service of this producer, ` +
        `got ${JSON.stringify(input.service)}`,
    );
  }
  const { id = newEventId(), time = new Date() } = input;
  const happened = time instanceof Date ? micros(time) : time;
  return { ...input, id, time: happened, service } as AuthEvent;
}
