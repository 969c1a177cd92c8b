/**
 * kafkajs 2.2.4 sets a timer after every answer, to look for requests that a throttled broker has
 * let wait. Where none waits, it computes a time long past: Node prints a TimeoutNegativeWarning in
 * each service that uses this SDK, and the timer, set again whenever it fires, fires a thousand
 * times a second on each connection. Set only where a request waits, it does all that it did.
 */
// @ts-expect-error kafkajs declares types for its public parts only
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/** The part of kafkajs's class that is looked at. */
interface Queue {
  pending: unknown[];
  throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

export function setTimersForWhatWaits(): void {
  const prototype = RequestQueue.prototype as Queue;
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: Queue) {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this);
  };
}
