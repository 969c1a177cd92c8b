/** Calls the service over HTTP and keeps the account of what it answered to have recorded. */
import { randomBytes } from 'node:crypto';
import type { EventKind } from '@authseal/schemas';
import { DemoFailure } from './expect.ts';

/** Where an event is in the topic: what the service says in `audit-receipt`. */
export type Place = { partition: number; offset: number };

export type Call = {
  /** The session's token. */
  as?: string;
  from: string;
  body?: object;
  /** The answer that the story needs. */
  status: number;
  /** The event that the service must have recorded before it answered; absent: none. */
  recorded?: EventKind;
};

export type Answer = { body: Record<string, unknown>; place: Place | null };

export class Client {
  readonly #service: string;
  readonly #sent: Map<EventKind, number>;
  requests = 0;

  /** @param sent counts each event by its kind, once its receipt has come */
  constructor(service: string, sent: Map<EventKind, number>) {
    this.#service = service;
    this.#sent = sent;
  }

  /** @throws DemoFailure when the service answers otherwise than the story needs */
  async call(
    method: string,
    path: string,
    { as, from, body, status, recorded }: Call,
  ): Promise<Answer> {
    const response = await fetch(`${this.#service}${path}`, {
      method,
      headers: {
        'x-forwarded-for': from,
        traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
        ...(as !== undefined && { authorization: `Bearer ${as}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    const place = placeOf(response.headers.get('audit-receipt'));
    if (response.status !== status || (place !== null) !== (recorded !== undefined)) {
      throw new DemoFailure(
        `Expected: ${method} ${path} answered ${status}, ${recorded ?? 'nothing'} recorded\nSeen: ${response.status}, ${JSON.stringify(place)}: ${text}`,
      );
    }
    this.requests += 1;
    if (recorded !== undefined) this.#sent.set(recorded, (this.#sent.get(recorded) ?? 0) + 1);
    return { body: JSON.parse(text), place };
  }
}

function placeOf(receipt: string | null): Place | null {
  const [partition, offset] = receipt?.split('/') ?? [];
  return partition === undefined ? null : { partition: Number(partition), offset: Number(offset) };
}
