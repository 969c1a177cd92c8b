/**
 * In the place of runtime's AssignedConsumer, with the behaviour that its head describes: paused at
 * each join, a fetch is that of the offset asked for or, when that is gone, of the log's start; what
 * was under way at a seek or a pause is dropped; nothing is told of an empty partition.
 */
import type { AssignedConsumerOptions, AssignmentListener, Fetched } from '@authseal/runtime/kafka';
import { type Process, theWorld, type World } from '../world.ts';
import { theKafka } from './broker-pool.ts';
import type { Group, Member } from './group.ts';
import type { PartitionLog } from './partition-log.ts';

/** Between two answers of the group's coordinator. Milliseconds. */
const HEARTBEAT = 5000;

export class AssignedConsumer implements Member {
  readonly process: Process;
  readonly #world: World;
  readonly #listener: AssignmentListener;
  readonly #log: PartitionLog;
  readonly #group: Group;
  readonly #isUncommitted: boolean;
  #isClosed = false;
  #isPaused = true;
  #isFetching = false;
  #position = 0;
  /** Counts seeks and pauses: a fetch from before is dropped. */
  #turn = 0;

  constructor(options: AssignedConsumerOptions, listener: AssignmentListener) {
    this.#world = theWorld();
    this.process = this.#world.current as Process;
    this.#listener = listener;
    this.#log = theKafka().topic(options.topic);
    this.#isUncommitted = options.readUncommitted;
    this.#group = theKafka().group(options.group, options.topic);
    this.#group.join(this);
    this.#beat();
  }

  seek(_partition: number, offset: number): void {
    this.#turn += 1;
    this.#position = offset;
    this.flow();
  }

  pause(_partition: number): void {
    this.#turn += 1;
    this.#isPaused = true;
  }

  resume(_partition: number): void {
    this.#isPaused = false;
    this.flow();
  }

  async stop(): Promise<void> {
    this.#isClosed = true;
    this.#group.leave(this);
  }

  assigned(partitions: readonly number[]): void {
    if (this.#isClosed) return;
    this.#turn += 1;
    this.#isPaused = true;
    this.#listener.assigned(partitions);
  }

  flow(): void {
    if (this.#isFetching || !this.#hasWork()) return;
    this.#isFetching = true;
    this.process.at = 'Fetch asked';
    this.#world.soon(null, () => this.#fetch(), this.process);
  }

  #hasWork(): boolean {
    if (this.#isPaused || this.#isClosed || this.process.isDead) return false;
    return this.#position < this.#end || this.#position > this.#log.replicated;
  }

  get #end(): number {
    return this.#isUncommitted ? this.#log.replicated : this.#log.stable;
  }

  /** At the broker. */
  #fetch(): void {
    const { random } = this.#world;
    const turn = this.#turn;
    if (this.#position < this.#log.start || this.#position > this.#log.replicated) {
      this.#position = this.#log.start;
    }
    const from = this.#position;
    const end = Math.min(this.#end, from + 1 + random.below(8));
    const records = this.#log.read(from, end, this.#isUncommitted);
    const fetched: Fetched = {
      partition: 0,
      fetchedOffset: from,
      end,
      highWatermark: this.#log.replicated,
      records: records.map(({ offset, timestamp, inTransaction, key, headers, value }) => ({
        ...{ offset, timestamp, inTransaction, key, value },
        headers: Object.entries(headers),
      })),
    };
    this.#world.soon(this.process, () => {
      this.#isFetching = false;
      if (this.#isClosed) return;
      if (turn === this.#turn && end > from) {
        this.process.at = 'Fetch answered';
        this.#world.tell(() => `${this.process.name} fetched [${from}, ${end})`);
        this.#position = end;
        this.#listener.fetched(fetched);
      }
      this.flow();
    });
  }

  #beat(): void {
    this.#world.after(HEARTBEAT, this.process, () => {
      if (this.#isClosed) return;
      this.#listener.heartbeat();
      this.#beat();
    });
  }
}
