import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import './kafkajs.ts';

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue');
const logger = { debug() {} };

/** A connection's queue of one request at a time; what it sends is answered by hand. */
function newQueue() {
  const sent: number[] = [];
  const queue = new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 1_000, logger });
  return {
    sent,
    queue,
    push: (correlationId: number) =>
      queue.push({
        entry: { correlationId, resolve() {} },
        expectResponse: true,
        sendRequest: () => sent.push(correlationId),
      }),
    answer: (correlationId: number) => queue.fulfillRequest({ correlationId, size: 0 }),
  };
}

describe("kafkajs's queue of requests", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('sets no timer after an answer when nothing waits', () => {
    const { push, answer } = newQueue();
    push(1);
    answer(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends what waits for a broker that throttles, once it no longer does', () => {
    const { sent, queue, push, answer } = newQueue();
    push(1);
    answer(1);
    queue.maybeThrottle(500);
    push(2);
    vi.advanceTimersByTime(499);
    expect(sent).toEqual([1]);
    vi.advanceTimersByTime(20);
    expect(sent).toEqual([1, 2]);
  });

  it('sends what waits for the answer before', () => {
    const { sent, push, answer } = newQueue();
    push(1);
    push(2);
    expect(sent).toEqual([1]);
    answer(1);
    expect(sent).toEqual([1, 2]);
  });
});
