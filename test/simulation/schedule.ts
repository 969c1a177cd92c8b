/** One schedule: a small load, owners two by two, and what the seed lets befall them; then a calm end. */
import { Invariants, Violation } from './invariants.ts';
import { useKafka } from './kafka/broker-pool.ts';
import { Kafka } from './kafka/model.ts';
import { useBucket } from './s3/client.ts';
import { BucketModel } from './s3/model.ts';
import {
  ARCHIVER_STATE,
  BATCHES,
  EVENTS,
  INGESTOR_STATE,
  initialize,
  type Service,
  startArchiver,
  startIngestor,
  startService,
  type Told,
} from './services.ts';
import { Surroundings } from './surroundings.ts';
import { Process, runIn, World } from './world.ts';

export type Outcome = {
  /** What was broken; null when all held. */
  readonly violation: string | null;
  /** Where processes crashed: kind, and what had happened last. */
  readonly crashes: readonly string[];
  /** Where processes were when they were stopped. */
  readonly freezes: readonly string[];
  readonly steps: number;
};

/** A schedule that is not at its end after so many calm steps never will be. */
const PATIENCE = 6000;

/** A frozen process wakes within this time; a crashed one is replaced. Milliseconds. */
const LONGEST_FREEZE = 30_000;
const LONGEST_ABSENCE = 8_000;

type Slots = { kind: 'service' | 'ingestor' | 'archiver'; process: Process }[];

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
  readonly #slots: Slots = [];
  readonly #crashes: string[] = [];
  readonly #freezes: string[] = [];
  #service: Service | null = null;
  #names = 0;
  #events = 0;
  #broken: Violation | null = null;

  constructor(seed: number, trace: ((line: string) => void) | null) {
    this.#world = new World(seed);
    this.#world.trace = trace;
    this.#kafka = new Kafka(this.#world);
    this.#invariants = new Invariants(this.#kafka, this.#bucket);
    this.#surroundings = new Surroundings(this.#kafka, this.#bucket, this.#invariants);
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
    const { steps } = this.#world;
    return { violation, crashes: this.#crashes, freezes: this.#freezes, steps };
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
    await this.#initialize();
    world.isCalm = false;
    if (random.chance(0.15)) this.#kafka.hiddenRate = 0.3;
    this.#bucket.isForgetful = random.chance(0.04);
    this.#bucket.doMarkersCount = random.chance(0.5);
    for (const kind of ['service', 'ingestor', 'ingestor', 'archiver', 'archiver'] as const) {
      const i = this.#slots.push({ kind, process: new Process(kind, kind) }) - 1;
      await this.#start(i);
    }
    const plan = this.#plan();
    while (plan.length > 0) {
      await this.#step();
      if (random.chance(0.05)) await (plan.pop() as () => void | Promise<void>)();
    }
    await this.#end();
  }

  async #initialize(): Promise<void> {
    const { random } = this.#world;
    for (let isBegun = false; !isBegun; ) {
      const process = new Process('init', 'init');
      let isOver = false;
      await this.#world.enter(process, () => {
        void initialize(process).then((begun) => {
          isBegun = begun;
          isOver = true;
        });
      });
      while (!isOver) {
        await this.#step();
        if (this.#world.isCalm || !random.chance(0.01)) continue;
        this.#crash(process);
        isOver = true;
      }
      if (random.chance(0.3)) this.#world.isCalm = true;
    }
  }

  async #start(i: number): Promise<void> {
    const slot = this.#slots[i] as Slots[number];
    const { kind } = slot;
    this.#names += 1;
    const process = new Process(kind, `${kind}-${this.#names}`);
    slot.process = process;
    await this.#world.enter(process, () => {
      if (kind === 'service') {
        this.#service = startService(process, `web/${process.name}`, this.#told);
      } else void (kind === 'ingestor' ? startIngestor : startArchiver)(process, this.#told);
    });
  }

  /** What is going to happen, in any order and at any time. */
  #plan(): (() => void | Promise<void>)[] {
    const { random } = this.#world;
    const plan: (() => void | Promise<void>)[] = [];
    const add = (times: number, what: () => void | Promise<void>) => {
      for (let i = 0; i < times; i += 1) plan.splice(random.below(plan.length + 1), 0, what);
    };
    add(2 + random.below(4), () => this.#record());
    add(random.below(4), () => this.#crashOne());
    add(random.below(3), () => this.#freezeOne());
    for (const what of this.#surroundings.choose()) add(1, what);
    return plan;
  }

  async #record(): Promise<void> {
    const slot = this.#slots.find(({ kind }) => kind === 'service') as Slots[number];
    const events = 1 + this.#world.random.below(3);
    await this.#world.enter(slot.process, () => {
      for (let i = 0; i < events; i += 1) {
        this.#events += 1;
        this.#service?.record(Buffer.from(`event ${this.#events}`));
      }
    });
  }

  /** One that is in the middle of something, rather than one that waits. */
  #victim(): number {
    const { random } = this.#world;
    const living = [...this.#slots.keys()].filter((i) => {
      const { process } = this.#slots[i] as Slots[number];
      return !process.isDead && !process.isFrozen;
    });
    const busy = living.filter((i) => /asked|done/.test(this.#slots[i]?.process.at ?? ''));
    return random.pick(busy.length > 0 && random.chance(0.8) ? busy : living) ?? -1;
  }

  #crash(process: Process): void {
    this.#world.tell(() => `${process.name} crashes: ${process.at}`);
    this.#crashes.push(`${process.kind}: ${process.at}`);
    this.#world.crash(process);
    for (const group of this.#kafka.groups) group.notice(process);
  }

  #crashOne(): void {
    const i = this.#victim();
    if (i < 0) return;
    this.#crash((this.#slots[i] as Slots[number]).process);
    this.#world.after(this.#world.random.below(LONGEST_ABSENCE), null, () => {
      this.#absent.push(i);
    });
  }
  /** Whose time to be replaced has come. */
  readonly #absent: number[] = [];

  #freezeOne(): void {
    const i = this.#victim();
    if (i < 0) return;
    const { process } = this.#slots[i] as Slots[number];
    this.#world.tell(() => `${process.name} stops: ${process.at}`);
    this.#freezes.push(`${process.kind}: ${process.at}`);
    process.isFrozen = true;
    for (const group of this.#kafka.groups) group.notice(process);
    this.#world.after(this.#world.random.below(LONGEST_FREEZE), null, () => this.#wake(process));
  }

  #wake(process: Process): void {
    if (!process.isFrozen || process.isDead) return;
    this.#world.tell(() => `${process.name} wakes`);
    this.#world.wake(process);
    for (const group of this.#kafka.groups) group.notice(process);
  }

  async #step(): Promise<void> {
    if (!(await this.#world.step())) throw new Violation('nothing more will ever happen');
    if (this.#broken !== null) throw this.#broken;
    for (const i of this.#absent.splice(0)) await this.#start(i);
  }

  /** No more faults: whoever is left, zombies among them, brings all to its end. */
  async #end(): Promise<void> {
    const world = this.#world;
    world.tell(() => 'calm');
    world.isCalm = true;
    for (const { process } of this.#slots) this.#wake(process);
    await this.#untilDone();
    world.hurry();
    for (let i = 0; i < 40; i += 1) await this.#step();
    await this.#untilDone();
    this.#checkRefusals();
    this.#invariants.checkAll(this.#told, this.#isStopped());
  }

  async #untilDone(): Promise<void> {
    for (let i = 0; i < PATIENCE; i += 1) {
      if (i % 8 === 0 && this.#isDone()) return;
      await this.#step();
    }
    this.#checkRefusals();
    const states = [INGESTOR_STATE, ARCHIVER_STATE].map(
      (group) => this.#kafka.offsetsOf(group).committed,
    );
    throw new Violation(
      `it does not come to its end: ${JSON.stringify({ states, told: this.#told.refusals })}`,
    );
  }

  #isDone(): boolean {
    if (this.#slots.some(({ process }) => process.isDead)) return false;
    if ((this.#service?.waiting ?? 0) > 0) return false;
    const [events, batches] = [this.#kafka.topic(EVENTS), this.#kafka.topic(BATCHES)];
    const sealed = this.#kafka.offsetsOf(INGESTOR_STATE).committed?.offset ?? 0;
    const last = events.slots.findLast(({ isMarker }) => !isMarker)?.offset ?? -1;
    if (sealed <= last || events.replicated < events.end) return false;
    if (batches.stable < batches.end) return false;
    if (this.#isStopped()) return true;
    const place = this.#kafka.offsetsOf(ARCHIVER_STATE).committed;
    const newest = batches.slots.findLast((slot) => !slot.isMarker && slot.state === 'committed');
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
      ...(this.#bucket.isForgetful ? ['archiver NOT_KEPT'] : []),
    ];
    const wrong = this.#told.refusals.filter((code) => !expected.includes(code));
    if (wrong.length > 0) throw new Violation(`a person was called without need: ${wrong}`);
  }
}
