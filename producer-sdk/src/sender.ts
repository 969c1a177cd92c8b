/**
 * The one loop that takes events to Kafka: gather a flush, seal it, send it until it is confirmed,
 * then the next. Why nothing is lost, put out of order, or repeated without need:
 *
 * 1. An event gets its sequence when it enters the queue, after all that can refuse it. Sequences
 *    therefore have no gaps, and an event that was refused was never sent.
 * 2. One flush is in flight at a time, so that the order in Kafka is the order of sequences.
 * 3. A flush is sealed once. However often it is sent, its bytes are the same.
 * 4. A channel is one Kafka producer. It retries a flush without limit by itself; when it gives up
 *    nonetheless it is closed and never used again, and **the same flush goes first on a new one**.
 *    Where an answer was lost, Kafka then has the flush twice, byte for byte: verify names that
 *    REPEAT, exports leave it out. (Why not an idempotent producer: kafka/channel.ts.)
 * 5. A promise resolves only with the offset that Kafka named for exactly this flush.
 *
 * Channel and timers are arguments, so that a simulation drives this very code.
 */
import type { Chain } from './chain.ts';
import { ProducerError } from './error.ts';
import {
  FIRST_RETRY_MS,
  FLUSH_OVERHEAD_BYTES,
  HEADER_LINK,
  HEADER_SEQUENCE,
  HEADER_SIGNATURE,
  LONGEST_RETRY_MS,
  MAX_FLUSH_BYTES,
  MAX_FLUSH_EVENTS,
  recordBytes,
} from './limits.ts';

/** One event as a Kafka record. The key is the channel's: it is the same for all. */
export interface FlushRecord {
  value: Buffer;
  headers: Record<string, string | Buffer>;
}

/** Where Kafka wrote a flush: its first event at this offset, the others after it without a hole. */
export interface Written {
  partition: number;
  firstOffset: number;
}

/** One Kafka producer. */
export interface Channel {
  /** Send as one record batch; resolves when all in-sync replicas have it. Rejects: see rule 4. */
  send(flush: readonly FlushRecord[]): Promise<Written>;
  /** Why the send under way is not confirmed yet, where that is known. */
  failure?(): Error | null;
  /** End it. A send under way rejects soon after. */
  close(): Promise<void>;
}

/** Calls `callback` after `ms` milliseconds, unless what it returned was called before. */
type After = (ms: number, callback: () => void) => () => void;

/** Where warnings go; pino's loggers fit. */
export interface Logger {
  warn(details: object, message: string): void;
}

/** The place of a confirmed event. */
export interface Place {
  sequence: number;
  partition: number;
  offset: number;
}

/** An event that waits: `bytes` is the most that it takes in a record batch. */
interface Queued extends FlushRecord {
  sequence: number;
  bytes: number;
  place: PromiseWithResolvers<Place>;
}

export interface SenderParts {
  /** Producer id, the key of every record. */
  producer: string;
  chain: Chain;
  openChannel: () => Channel;
  after: After;
  logger: Logger;
  lingerMs: number;
  maxBufferedBytes: number;
}

export interface Sender {
  /**
   * Queue an event.
   * @throws ProducerError CLOSED, EVENT_TOO_LARGE or BUFFER_FULL, before it has a sequence
   */
  enqueue(record: FlushRecord): Promise<Place>;
  /** Send what is queued without lingering; resolves when all of it is confirmed. */
  flush(): Promise<void>;
  /**
   * Take no more, flush, end the channel. After `timeoutMs` every event that waits is rejected, and
   * so is the call: UNCONFIRMED. When none waits, it resolves then, also if the channel hangs.
   */
  close(timeoutMs?: number): Promise<void>;
}

export function createSender(parts: SenderParts): Sender {
  const { producer, chain, openChannel, after, logger, lingerMs, maxBufferedBytes } = parts;
  let queue: Queued[] = [];
  let queuedBytes = 0;
  let inFlight: Queued[] = [];
  let inFlightBytes = 0;
  let sequence = 0;
  let channel: Channel | null = null;
  /** Of the last send that rejected. */
  let lastFailure: Error | null = null;
  let cancelLinger: (() => void) | null = null;
  /** Whether the queue is to be sent now: it lingered long enough, is a full flush, or was asked. */
  let due = false;
  let sending = false;
  let closing: Promise<void> | null = null;
  let abandoned = false;

  function enqueue(record: FlushRecord): Promise<Place> {
    if (closing !== null) {
      throw new ProducerError('CLOSED', 'the producer is closed: record events before close()');
    }
    const headers = { [HEADER_SEQUENCE]: String(sequence), ...record.headers };
    const bytes = recordBytes(producer, record.value, headers);
    if (bytes > MAX_FLUSH_BYTES - FLUSH_OVERHEAD_BYTES) {
      throw new ProducerError(
        'EVENT_TOO_LARGE',
        `the event takes ${bytes} bytes in Kafka, at most ` +
          `${MAX_FLUSH_BYTES - FLUSH_OVERHEAD_BYTES} fit: shorten its longest fields`,
      );
    }
    if (queuedBytes + inFlightBytes + bytes > maxBufferedBytes) {
      const waiting = queue.length + inFlight.length;
      throw new ProducerError(
        'BUFFER_FULL',
        `${waiting} events wait for Kafka, and ${bytes} bytes more would pass maxBufferedBytes ` +
          `(${maxBufferedBytes}): slow down, await flush(), or find out why Kafka does not answer`,
      );
    }
    const place = Promise.withResolvers<Place>();
    queue.push({ value: record.value, headers, sequence, bytes, place });
    queuedBytes += bytes;
    sequence++;

    const full =
      queue.length >= MAX_FLUSH_EVENTS || queuedBytes + FLUSH_OVERHEAD_BYTES >= MAX_FLUSH_BYTES;
    if (full) sendNow();
    else cancelLinger ??= after(lingerMs, sendNow);
    return place.promise;
  }

  function sendNow(): void {
    due = true;
    cancelLinger?.();
    cancelLinger = null;
    if (!sending) void sendAll();
  }

  /** Send flush after flush while one is due; there is never more than one such loop. */
  async function sendAll(): Promise<void> {
    sending = true;
    while (due && queue.length > 0 && !abandoned) {
      takeFlush();
      const flush = seal(inFlight);
      const written = await deliver(flush);
      if (written === null) break;
      const confirmed = inFlight;
      inFlight = [];
      inFlightBytes = 0;
      confirm(confirmed, written);
    }
    sending = false;
  }

  /** Move what fits into one record batch from the queue into flight; the rest stays due. */
  function takeFlush(): void {
    let length = 0;
    let bytes = FLUSH_OVERHEAD_BYTES;
    for (const event of queue) {
      if (length === MAX_FLUSH_EVENTS || bytes + event.bytes > MAX_FLUSH_BYTES) break;
      bytes += event.bytes;
      length++;
    }
    inFlight = queue.slice(0, length);
    inFlightBytes = bytes - FLUSH_OVERHEAD_BYTES;
    queue = queue.slice(length);
    queuedBytes -= inFlightBytes;
    due = queue.length > 0;
  }

  /** The records of a flush: its last one carries the link and, with a key, the signature. */
  function seal(events: readonly Queued[]): FlushRecord[] {
    const values = events.map((event) => event.value);
    const last = events[events.length - 1] as Queued;
    const { link, signature } = chain.seal(last.sequence, values);
    return events.map(({ value, headers }, i) => {
      if (i !== events.length - 1) return { value, headers };
      const sealed: FlushRecord['headers'] = { ...headers, [HEADER_LINK]: link };
      if (signature !== null) sealed[HEADER_SIGNATURE] = signature;
      return { value, headers: sealed };
    });
  }

  /** Send one flush until Kafka confirms it; null when the sender was abandoned meanwhile. */
  async function deliver(flush: readonly FlushRecord[]): Promise<Written | null> {
    for (let attempt = 1; ; attempt++) {
      channel ??= openChannel();
      try {
        const written = await channel.send(flush);
        lastFailure = null;
        return written;
      } catch (error) {
        lastFailure = error as Error;
        endChannel();
        if (abandoned) return null;
        const retryInMs = Math.min(FIRST_RETRY_MS * 2 ** (attempt - 1), LONGEST_RETRY_MS);
        logger.warn(
          { err: error, attempt, events: flush.length, retryInMs },
          `Kafka did not confirm a flush, which is sent again on a new connection: ${lastFailure.message}`,
        );
        await new Promise<void>((resolve) => after(retryInMs, resolve));
        if (abandoned) return null;
      }
    }
  }

  /** Its outcome does not matter: whatever it sent, it is never used again. */
  function endChannel(): void {
    channel?.close().catch(() => {});
    channel = null;
  }

  function confirm(events: readonly Queued[], { partition, firstOffset }: Written): void {
    events.forEach(({ sequence, place }, i) => {
      place.resolve({ sequence, partition, offset: firstOffset + i });
    });
  }

  async function flush(): Promise<void> {
    const last = queue.at(-1) ?? inFlight.at(-1);
    if (last === undefined) return;
    if (queue.length > 0) sendNow();
    await last.place.promise;
  }

  async function close(timeoutMs?: number): Promise<void> {
    closing ??= end();
    if (timeoutMs === undefined) return closing;
    const late = Promise.withResolvers<void>();
    const cancel = after(timeoutMs, () => {
      const error = abandon(timeoutMs);
      if (error === null) late.resolve();
      else late.reject(error);
    });
    await Promise.race([closing, late.promise]).finally(cancel);
  }

  async function end(): Promise<void> {
    await flush();
    await channel?.close();
  }

  /** Give up on all that waits, and say so; null when nothing does. Kafka may have what was in flight. */
  function abandon(timeoutMs: number): ProducerError | null {
    abandoned = true;
    const waiting = [...inFlight, ...queue];
    const error = waiting.length === 0 ? null : unconfirmed(waiting, timeoutMs);
    for (const { place } of waiting) place.reject(error);
    inFlight = [];
    queue = [];
    endChannel();
    return error;
  }

  function unconfirmed(waiting: readonly Queued[], timeoutMs: number): ProducerError {
    const why = channel?.failure?.() ?? lastFailure;
    return new ProducerError(
      'UNCONFIRMED',
      `close() waited ${timeoutMs} ms, and Kafka has not confirmed ${waiting.length} events ` +
        `(from sequence ${waiting[0]?.sequence}): they may or may not be there, record them again ` +
        `in the next run. ${why === null ? 'Kafka did not answer' : why.message}`,
      why === null ? {} : { cause: why },
    );
  }

  return { enqueue, flush, close };
}
