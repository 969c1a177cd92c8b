/** Where collected events go: Kafka, or standard output as a dry run. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { encodeEvent } from '@authseal/schemas';
import { ProducerError } from '../error.ts';
import { completeEvent, type EventInput } from '../event-input.ts';
import { MAX_FLUSH_EVENTS } from '../limits.ts';
import type { AuditProducer } from '../producer.ts';
import type { Tally } from './tally.ts';

export interface EventSink {
  /** Take an event; resolves when there is room for the next. `place` is where it stands. */
  add(event: EventInput, place: string): Promise<void>;
  /** Resolves when all are taken, or counted as refused. */
  end(): Promise<void>;
}

/** Events on their way at once: a full flush, so that Kafka is not waited for event by event. */
const MAX_WAITING = MAX_FLUSH_EVENTS;

/** Sends to Kafka; an event counts once it has its receipt. */
export function kafkaSink(producer: AuditProducer, tally: Tally): EventSink {
  let waiting: Promise<void>[] = [];

  async function send(event: EventInput, place: string): Promise<void> {
    try {
      await producer.record(event);
      tally.event(event.kind);
    } catch (error) {
      if (!(error instanceof ProducerError)) throw error;
      if (error.code === 'BUFFER_FULL') {
        await producer.flush();
        return send(event, place);
      }
      tally.refuse(error.code, place, error.message);
    }
  }

  async function end(): Promise<void> {
    await Promise.all(waiting);
    waiting = [];
  }

  return {
    async add(event, place) {
      waiting.push(send(event, place));
      if (waiting.length >= MAX_WAITING) await end();
    },
    end,
  };
}

/** Writes JSON lines, after the same checks. */
export function jsonLinesSink(service: string, output: Writable, tally: Tally): EventSink {
  return {
    async add(input, place) {
      const event = completeEvent(input, service);
      try {
        encodeEvent(event);
      } catch (error) {
        tally.refuse('INVALID_EVENT', place, (error as Error).message);
        return;
      }
      tally.event(event.kind);
      if (!output.write(`${JSON.stringify(event)}\n`)) await once(output, 'drain');
    },
    async end() {},
  };
}
