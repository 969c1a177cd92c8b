/**
 * A consumer whose group only assigns and reads: which offset comes next is the caller's, kept
 * elsewhere; nothing is ever committed here.
 *
 * What kafkajs 2.2.4 does, and what follows (all tried against Kafka 4.3):
 *
 *   - GROUP_JOIN carries the whole assignment and is the only signal to trust: after a SIGSTOP the
 *     consumer joins again without a REBALANCING before. A pause in its listener, when synchronous,
 *     acts before the first fetch: all partitions are paused there, and each begins to flow when
 *     its owner has said from which offset (`seek`). They are paused by number: a pause of the whole
 *     topic is forgotten for all at the next pause of one.
 *   - An eachBatch that throws restarts the consumer, and pauses and seeks are lost; one that waits
 *     stalls all fetching. Listeners here are synchronous and must not throw; only a pause holds the
 *     next fetch back, for a moment (HOLD_MS).
 *   - A fetch that holds nothing but markers does not reach eachBatch; START_BATCH_PROCESS with
 *     batchSize 0 shows it. (One of aborted records would not, either, but for aborted.ts.)
 *   - When an offset is out of range, kafkajs jumps to the log's start. The caller sees it by
 *     `fetchedOffset`.
 *   - ECONNREFUSED is no retriable error to it: the consumer crashes and stays down. A new one takes
 *     its place here.
 *   - A join that fails while it has no member id is not tried again: it would stay outside its group
 *     for ever, without a heartbeat or a crash. Here (membership.ts) it joins until it is a member.
 *   - A record set that it cannot decode would end the whole consumer. Here (record-sets.ts) it holds
 *     up its own partition alone, which is asked for it again until it can be read or is gone.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Batch, Consumer, EachBatchPayload } from 'kafkajs';
import type { Logger } from '../log.ts';
import { type KafkaConnection, newClient } from './client.ts';
import { type Fetched, toFetched } from './record.ts';
import type { Undecodable } from './record-sets.ts';

/** Told what the consumer does; every call is synchronous and must not throw. */
export type AssignmentListener = {
  /** The whole assignment, at each join of the group; what was assigned before has ended. None when the consumer lost its place. */
  assigned(partitions: readonly number[]): void;
  fetched(fetched: Fetched): void;
  /** Why the partition's next records cannot be read; null when they can again. */
  unreadable(partition: number, reason: string | null): void;
  /** The group's coordinator answered: whoever waited for better times may try again. */
  heartbeat(): void;
};

export type AssignedConsumerOptions = {
  readonly connection: KafkaConnection;
  readonly clientId: string;
  readonly group: string;
  readonly topic: string;
  /** Committed: records of open and aborted transactions are held back. */
  readonly readUncommitted: boolean;
  /** What was written outside transactions is not unpacked: an empty record stands for each such set. */
  readonly transactionsOnly: boolean;
  /** Most bytes of one partition in one fetch; one record may be larger. */
  readonly maxBytesPerPartition: number;
  readonly sessionTimeoutMs: number;
  readonly log: Logger;
};

/** How long a fetch waits for the first byte, and a pause may last after `resume`. */
const MAX_WAIT_MS = 250;

/**
 * When nothing may be fetched, kafkajs looks again after MAX_WAIT_MS. A pause is mostly shorter, so
 * the fetch that may follow it is held back this long; other partitions wait with it.
 */
const HOLD_MS = 100;

/** Of all partitions together in one fetch. Their records are decoded one partition after the other. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** How soon partitions that were added are noticed; kafkajs would take five minutes. */
const METADATA_MAX_AGE_MS = 10_000;

/** Between two tries to reach Kafka. */
const RECONNECT_MS = 1000;

/** Before records that cannot be read are asked for again; doubles up to the longest. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

/** A partition whose next records, up to offset `to`, cannot be read. */
type Held = { readonly to: number; readonly waitMs: number; readonly timer: NodeJS.Timeout };

export class AssignedConsumer {
  readonly #options: AssignedConsumerOptions;
  readonly #listener: AssignmentListener;
  readonly #stopped = new AbortController();
  /** The consumer while it has a place in the group: kafkajs throws at one that has none. */
  #joined: Consumer | null = null;
  #consumer: Consumer | null = null;
  readonly #held = new Map<number, Held>();
  /** Partitions that their owner lets flow. */
  readonly #flowing = new Set<number>();
  /** Called when a partition flows again, of those for which the next fetch is held back. */
  readonly #resumed = new Map<number, () => void>();
  /** Since it joined. */
  #hasFetched = false;
  #connecting: Promise<void>;

  /** Begins to join the group, for as long as it takes; the listener is told from then on. */
  constructor(options: AssignedConsumerOptions, listener: AssignmentListener) {
    this.#options = options;
    this.#listener = listener;
    this.#connecting = this.#connect();
  }

  /** The next fetch of the partition begins at `offset`; what an earlier fetch brings is dropped. */
  seek(partition: number, offset: number): void {
    const { topic } = this.#options;
    // The owner has learnt that they are gone: where nothing follows, no fetch will tell.
    if (offset >= (this.#held.get(partition)?.to ?? Number.POSITIVE_INFINITY)) {
      this.#readable(partition);
    }
    this.#tell((consumer) => consumer.seek({ topic, partition, offset: String(offset) }));
  }

  pause(partition: number): void {
    const { topic } = this.#options;
    this.#flowing.delete(partition);
    this.#tell((consumer) => consumer.pause([{ topic, partitions: [partition] }]));
  }

  resume(partition: number): void {
    const { topic } = this.#options;
    this.#flowing.add(partition);
    this.#tell((consumer) => consumer.resume([{ topic, partitions: [partition] }]));
    this.#resumed.get(partition)?.();
  }

  /** Holds the next fetch back for a moment, in which the owner of a paused partition may resume it. */
  async #untilResumed(partition: number): Promise<void> {
    const held = Promise.withResolvers<void>();
    this.#resumed.set(partition, held.resolve);
    const timer = setTimeout(held.resolve, HOLD_MS);
    await held.promise;
    clearTimeout(timer);
    this.#resumed.delete(partition);
  }

  /** kafkajs throws while the consumer has no place in the group: nothing flows then, and a join follows. */
  #tell(what: (consumer: Consumer) => void): void {
    if (this.#joined === null) return;
    try {
      what(this.#joined);
    } catch (err) {
      this.#options.log.debug({ err }, 'the consumer has lost its place in the group');
    }
  }

  /** Leaves the group. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#connecting;
    this.#joined = null;
    this.#letGo();
    await this.#consumer?.disconnect();
  }

  async #connect(): Promise<void> {
    const { topic, log } = this.#options;
    while (!this.#stopped.signal.aborted) {
      const consumer = this.#newConsumer();
      try {
        await consumer.connect();
        await consumer.subscribe({ topic, fromBeginning: true });
        this.#consumer = consumer;
        await consumer.run({
          autoCommit: false,
          eachBatch: async ({ batch }: EachBatchPayload) => {
            this.#take(batch);
            if (!this.#flowing.has(batch.partition)) await this.#untilResumed(batch.partition);
          },
        });
        return;
      } catch (err) {
        log.warn({ err }, 'Kafka is not reached; trying again');
        await consumer.disconnect().catch(() => {});
        await this.#pause();
      }
    }
  }

  #take(batch: Batch): void {
    const { fetched, undecodable } = toFetched(batch, this.#options.transactionsOnly);
    if (undecodable === null) this.#readable(fetched.partition);
    // Before the owner hears of the fetch, for it may seek elsewhere.
    else this.#hold(fetched.partition, undecodable);
    if (undecodable === null || fetched.end > fetched.fetchedOffset) {
      this.#listener.fetched(fetched);
    }
  }

  /** Asks for the same records again after a while: whatever stands in the way may be mended by then. */
  #hold(partition: number, { from, to, compression, reason }: Undecodable): void {
    const { topic, log } = this.#options;
    const before = this.#held.get(partition)?.waitMs ?? FIRST_WAIT_MS / 2;
    const waitMs = Math.min(2 * before, LONGEST_WAIT_MS);
    this.seek(partition, from);
    this.#tell((consumer) => consumer.pause([{ topic, partitions: [partition] }]));
    const timer = setTimeout(() => {
      if (!this.#flowing.has(partition)) return;
      this.#tell((consumer) => consumer.resume([{ topic, partitions: [partition] }]));
    }, waitMs);
    clearTimeout(this.#held.get(partition)?.timer);
    this.#held.set(partition, { to, waitMs, timer });
    const message = `the records from offset ${from} to ${to - 1} of ${topic}/${partition} cannot be read (compression: ${compression}): ${reason}. Nothing is passed over; they are asked for again and again. Find out who wrote them, and see that the topic has the compression.type that \`authseal doctor\` expects. If nobody can read them, \`kafka-delete-records.sh\` up to offset ${to} lets the partition go on without them.`;
    log.error({ topic, partition, from, to, compression, reason, waitMs }, message);
    this.#listener.unreadable(partition, message);
  }

  #readable(partition: number): void {
    const held = this.#held.get(partition);
    if (held === undefined) return;
    clearTimeout(held.timer);
    this.#held.delete(partition);
    this.#options.log.info({ partition }, 'the partition can be read again');
    this.#listener.unreadable(partition, null);
  }

  /** The partitions are no longer ours, or not known to be. */
  #letGo(): void {
    for (const [partition, { timer }] of this.#held) {
      clearTimeout(timer);
      this.#listener.unreadable(partition, null);
    }
    this.#held.clear();
    this.#flowing.clear();
  }

  /** Between two tries, unless it is to stop. */
  async #pause(): Promise<void> {
    await delay(RECONNECT_MS, undefined, { signal: this.#stopped.signal }).catch(() => {});
  }

  #newConsumer(): Consumer {
    const { connection, clientId, group, sessionTimeoutMs, log } = this.#options;
    const consumer = newClient(connection, clientId, log).consumer({
      groupId: group,
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      readUncommitted: this.#options.readUncommitted,
      maxBytesPerPartition: this.#options.maxBytesPerPartition,
      maxBytes: MAX_ANSWER_BYTES,
      maxWaitTimeInMs: MAX_WAIT_MS,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      heartbeatInterval: Math.floor(sessionTimeoutMs / 6),
    });
    this.#listen(consumer);
    return consumer;
  }

  #listen(consumer: Consumer): void {
    const { topic, log } = this.#options;
    const { events } = consumer;
    consumer.on(events.GROUP_JOIN, ({ payload }) => {
      const partitions = payload.memberAssignment[topic] ?? [];
      if (partitions.length > 0) consumer.pause([{ topic, partitions }]);
      this.#joined = consumer;
      this.#letGo();
      this.#hasFetched = false;
      log.info({ topic, partitions }, 'joined the group');
      this.#listener.assigned(partitions);
    });
    consumer.on(events.START_BATCH_PROCESS, ({ payload }) => {
      // While fetches bring records, the first heartbeat takes a while. A join alone shows nothing: the
      // fetch that follows it may be refused, again and again.
      if (!this.#hasFetched) this.#listener.heartbeat();
      this.#hasFetched = true;
      const { batchSize, firstOffset } = payload;
      // Records reach eachBatch; a null offset is an answer from before the offset asked for.
      if (batchSize > 0 || (firstOffset as string | null) === null) return;
      this.#readable(payload.partition);
      this.#listener.fetched({
        partition: payload.partition,
        fetchedOffset: Number(firstOffset),
        end: Number(payload.lastOffset) + 1,
        highWatermark: Number(payload.highWatermark),
        records: [],
      });
    });
    consumer.on(events.HEARTBEAT, () => this.#listener.heartbeat());
    consumer.on(events.CRASH, ({ payload }) => {
      log.warn({ err: payload.error, restart: payload.restart }, 'the consumer crashed');
      this.#joined = null;
      this.#letGo();
      this.#listener.assigned([]);
      if (!payload.restart) this.#connecting = this.#pause().then(() => this.#connect());
    });
  }
}
