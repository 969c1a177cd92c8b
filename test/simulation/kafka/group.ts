/** A consumer group of a topic of one partition: one member has it, and others may still believe so. */
import type { Process } from '../world.ts';
import type { Kafka } from './model.ts';

/** What a group tells its members. */
export interface Member {
  readonly process: Process;
  assigned(partitions: readonly number[]): void;
  flow(): void;
}

/** After so long a member that does not answer loses its place. Milliseconds. */
const SESSION_TIMEOUT = 6000;

export class Group {
  readonly topic: string;
  readonly #kafka: Kafka;
  #members: Member[] = [];
  #generation = 0;

  constructor(kafka: Kafka, topic: string) {
    this.#kafka = kafka;
    this.topic = topic;
  }

  join(member: Member): void {
    this.#members.push(member);
    this.#kafka.world.soon(null, () => this.assign());
  }

  leave(member: Member): void {
    this.#members = this.#members.filter((other) => other !== member);
    this.#kafka.world.soon(null, () => this.assign());
  }

  /** A member's process died, stopped or came back: the others notice after a while. */
  notice(process: Process): void {
    const { world } = this.#kafka;
    if (!this.#members.some((member) => member.process === process)) return;
    world.after(SESSION_TIMEOUT, null, () => this.assign());
  }

  /** A generation begins: each member that is there hears of it, in no order; a frozen one when it wakes. */
  assign(): void {
    const { world } = this.#kafka;
    this.#members = this.#members.filter(({ process }) => !process.isDead);
    const present = this.#members.filter(({ process }) => !process.isFrozen);
    if (present.length === 0) return;
    const owner = world.random.pick(present);
    world.tell(() => `${this.topic} is assigned to ${owner.process.name}`);
    this.#generation += 1;
    const generation = this.#generation;
    for (const member of this.#members) {
      world.soon(member.process, () => {
        if (generation === this.#generation) member.assigned(member === owner ? [0] : []);
      });
    }
  }

  flow(): void {
    for (const member of this.#members) member.flow();
  }
}
