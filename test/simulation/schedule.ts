/** One schedule: a small load, owners two by two, and what the seed lets befall them; then a calm end. */
import { Invariants, Violation } from './invariants.ts';
import { useKafka } from './kafka/broker-pool.ts';
import { Kafka } from './kafka/model.ts';
import { Processes } from './processes.ts';
import { useBucket } from './s3/client.ts';
import { BucketModel } from './s3/model.ts';
import { ARCHIVER_STATE, BATCHES, EVENTS, INGESTOR_STATE, type Told } from './services.ts';
import { Surroundings } from './surroundings.ts';
import { runIn, World } from './world.ts';

export type Outcome = {
  /** What was broken; null when all held. */
  readonly violation: string | null;
  /** Where processes crashed, and where they were stopped: kind, and what had happened last. */
  readonly crashes: readonly string[];
  readonly freezes: readonly string[];
  readonly steps: number;
};

type Happening = () => void | Promise<void>;

/** A schedule that is not at its end after so many calm steps never will be. */
const PATIENCE = 6000;

/** More than twice what a log may be silent without a batch (services.ts). Milliseconds. */
const LONG_SILENCE = 150_000;

export async function runSchedule(
  seed: number,
  trace: ((line: string) => void) | null = null,
): Promise<Outcome> {
  const schedule = new Schedule(seed, trace);
  try {
    await schedule.run();
    return schedule.outcome(null);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return schedule.outcome(error.message);
  } finally {
    runIn(null);
    useKafka(null);
    useBucket(null);
  }
}

class Schedule {
  readonly #world: World;
  readonly #kafka: Kafka;
  readonly #bucket = new BucketModel();
  readonly #invariants: Invariants;
  readonly #surroundings: Surroundings;
  readonly #told: Told = { confirmed: [], refusals: [] };
  readonly #processes: Processes;
  #broken: Violation | null = null;

  constructor(seed: number, trace: ((line: string) => void) | null) {
    this.#world = new World(seed);
    this.#world.trace = trace;
    this.#kafka = new Kafka(this.#world);
    this.#invariants = new Invariants(this.#kafka, this.#bucket);
    this.#surroundings = new Surroundings(this.#kafka, this.#bucket, this.#invariants);
    this.#processes = new Processes(this.#kafka, this.#told);
    runIn(this.#world);
    useKafka(this.#kafka);
    useBucket(this.#bucket);
    this.#kafka.createTopic(EVENTS);
    this.#kafka.createTopic(BATCHES);
    this.#kafka.onEnded = (id) => {
      if (id.includes('authseal-ingestor')) this.#guard(() => this.#invariants.checkSealed());
    };
    this.#kafka.onState = (group, state) => {
      if (group === ARCHIVER_STATE) this.#guard(() => this.#invariants.checkPlace(state));
    };
  }

  outcome(violation: string | null): Outcome {
    const { crashes, freezes } = this.#processes;
    return { violation, crashes, freezes, steps: this.#world.steps };
  }

  /** A check inside a step: what it finds ends the schedule after the step. */
  #guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#broken ??= error;
    }
  }

  async run(): Promise<void> {
    const world = this.#world;
    const { random } = world;
    world.faultRate = random.pick([0, 0.02, 0.05, 0.1, 0.25]);
    world.isCalm = random.chance(0.9);
    await this.#processes.initialize(() => this.#step());
    world.isCalm = false;
    if (random.chance(0.15)) this.#kafka.hiddenRate = 0.3;
    if (random.chance(0.2)) this.#kafka.missedRate = 0.2;
    this.#bucket.isForgetful = random.chance(0.04);
    this.#bucket.doMarkersCount = random.chance(0.5);
    await this.#processes.start();
    const plan = this.#plan();
    while (plan.length > 0) {
      await this.#step();
      await this.#processes.start();
      if (random.chance(0.065)) await (plan.pop() as Happening)();
    }
    await this.#end();
  }

  /** What is going to happen, in any order and at any time. */
  #plan(): Happening[] {
    const { random } = this.#world;
    const plan: Happening[] = [];
    const add = (times: number, what: Happening) => {
      for (let i = 0; i < times; i += 1) plan.splice(random.below(plan.length + 1), 0, what);
    };
    add(2 + random.below(4), () => this.#processes.record());
    add(random.below(4), () => this.#processes.crashOne());
    add(random.below(3), () => this.#processes.freezeOne());
    add(random.below(2), () => this.#processes.stopOne());
    add(random.chance(0.03) ? 1 : 0, () => this.#beSilent());
    for (const what of this.#surroundings.choose()) add(1, what);
    return plan;
  }

  /** So long that batches without a record are sealed, and all others dropped. */
  async #beSilent(): Promise<void> {
    const until = this.#world.now + LONG_SILENCE;
    while (this.#world.now < until) {
      await this.#step();
      await this.#processes.start();
    }
    this.#surroundings.dropOldBatches();
  }

  async #step(): Promise<void> {
    if (!(await this.#world.step())) throw new Violation('nothing more will ever happen');
    if (this.#broken !== null) throw this.#broken;
  }

  /** No more faults: whoever is left, zombies among them, brings all to its end. */
  async #end(): Promise<void> {
    this.#world.tell(() => 'calm');
    this.#world.isCalm = true;
    this.#processes.wakeAll();
    await this.#untilDone();
    this.#world.hurry();
    for (let i = 0; i < 40; i += 1) await this.#step();
    await this.#untilDone();
    this.#checkRefusals();
    this.#invariants.checkAll(this.#told, this.#isStopped());
  }

  async #untilDone(): Promise<void> {
    for (let i = 0; i < PATIENCE; i += 1) {
      if (i % 8 === 0 && this.#isDone()) return;
      await this.#step();
      await this.#processes.start();
    }
    this.#checkRefusals();
    const states = [INGESTOR_STATE, ARCHIVER_STATE].map(
      (group) => this.#kafka.offsetsOf(group).committed?.offset ?? null,
    );
    throw new Violation(
      `it does not come to its end: the states are at ${states}, and ${this.#told.confirmed.length} events are confirmed`,
    );
  }

  #isDone(): boolean {
    if (!this.#processes.areQuiet || !this.#kafka.isQuiet) return false;
    const events = this.#kafka.topic(EVENTS);
    const state = this.#kafka.offsetsOf(INGESTOR_STATE).committed;
    const sealed = state?.offset ?? 0;
    const { batchOffset } = JSON.parse(state?.metadata || '{}');
    const newest = this.#invariants.batches().at(-1);
    // A state may be there without its batch (KAFKA-20734), or a batch without its state, for a while.
    if (state !== null && newest?.offset !== batchOffset) return false;
    const last = events.slots.findLast(({ isMarker }) => !isMarker)?.offset ?? -1;
    if (sealed <= last || events.replicated < events.end) return false;
    if (this.#isStopped()) return true;
    const place = this.#kafka.offsetsOf(ARCHIVER_STATE).committed;
    return place !== null && place.offset > (newest?.offset ?? 0);
  }

  /** A bucket that does not keep what it is given stops its archiver, and must. */
  #isStopped(): boolean {
    return this.#bucket.isForgetful && this.#told.refusals.includes('archiver NOT_KEPT');
  }

  /** A person is called only where something was wrong that a person must mend. */
  #checkRefusals(): void {
    const expected = [
      ...(this.#kafka.hiddenRate > 0 ? ['ingestor PRODUCE_REFUSED'] : []),
      ...(this.#kafka.missedRate > 0 ? ['ingestor TRANSACTION_LEFT_OPEN'] : []),
      ...(this.#kafka.missedStates > 1 ? ['ingestor STATE_CONTRADICTED'] : []),
      ...(this.#bucket.isForgetful ? ['archiver NOT_KEPT'] : []),
      ...(this.#surroundings.hasCopied ? ['archiver NOT_OURS'] : []),
    ];
    const wrong = new Set(this.#told.refusals.filter((code) => !expected.includes(code)));
    if (wrong.size > 0) throw new Violation(`a person was called without need: ${[...wrong]}`);
  }
}
