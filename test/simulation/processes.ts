/** The processes of one schedule: a service, two ingestors, two archivers; and what befalls them. */
import type { Kafka } from './kafka/model.ts';
import {
  initialize,
  type Service,
  type Stop,
  startArchiver,
  startIngestor,
  startService,
  type Told,
} from './services.ts';
import { Process, type World } from './world.ts';

const KINDS = ['service', 'ingestor', 'ingestor', 'archiver', 'archiver'] as const;

/** One that was stopped wakes within this time, one that crashed is replaced. Milliseconds. */
const LONGEST_FREEZE = 30_000;
const LONGEST_ABSENCE = 8_000;

/** A place that one process after the other takes. */
type Place = {
  readonly kind: (typeof KINDS)[number];
  process: Process;
  /** As on SIGTERM; null until the process can be stopped. */
  stop: Stop | null;
  isStopping: boolean;
};

export class Processes {
  /** Where processes crashed, and where they were stopped: kind, and what had happened last. */
  readonly crashes: string[] = [];
  readonly freezes: string[] = [];
  readonly #world: World;
  readonly #kafka: Kafka;
  readonly #told: Told;
  readonly #places: Place[] = KINDS.map((kind) => ({
    kind,
    process: new Process(kind, kind),
    stop: null,
    isStopping: false,
  }));
  /** Whose time to be replaced has come. */
  #absent: Place[] = [...this.#places];
  #service: Service | null = null;
  #names = 0;
  #events = 0;

  constructor(kafka: Kafka, told: Told) {
    this.#world = kafka.world;
    this.#kafka = kafka;
    this.#told = told;
  }

  /** Whether all are there and the service waits for nothing. */
  get areQuiet(): boolean {
    const arePresent = this.#places.every(({ process, isStopping }) => {
      return !process.isDead && !isStopping;
    });
    return arePresent && this.#service?.waiting === 0;
  }

  /** Starts those whose time has come. */
  async start(): Promise<void> {
    for (const place of this.#absent.splice(0)) await this.#start(place);
  }

  async #start(place: Place): Promise<void> {
    const { kind } = place;
    this.#names += 1;
    const process = new Process(kind, `${kind}-${this.#names}`);
    Object.assign(place, { process, stop: null, isStopping: false });
    await this.#world.enter(process, () => {
      if (kind === 'service') {
        this.#service = startService(process, `web/${process.name}`, this.#told);
        place.stop = this.#service.stop;
        return;
      }
      const start = kind === 'ingestor' ? startIngestor : startArchiver;
      void start(process, this.#told).then((stop) => {
        place.stop = stop;
      });
    });
  }

  /** `authseal-ingestor init`, again and again until the log has begun. */
  async initialize(step: () => Promise<void>): Promise<void> {
    const world = this.#world;
    for (let isBegun = false; !isBegun; ) {
      const process = new Process('init', 'init');
      let isOver = false;
      await world.enter(process, () => {
        void initialize(process).then((begun) => {
          isBegun = begun;
          isOver = true;
        });
      });
      while (!isOver) {
        await step();
        if (world.isCalm || !world.random.chance(0.01)) continue;
        this.#crash(process);
        isOver = true;
      }
      if (world.random.chance(0.3)) world.isCalm = true;
    }
  }

  /** The service records some events. */
  async record(): Promise<void> {
    const place = this.#places[0] as Place;
    const events = 1 + this.#world.random.below(3);
    await this.#world.enter(place.process, () => {
      if (place.isStopping) return;
      for (let i = 0; i < events; i += 1) {
        this.#events += 1;
        this.#service?.record(Buffer.from(`event ${this.#events}`));
      }
    });
  }

  /** One that is in the middle of something, rather than one that waits. */
  #victim(): Place | undefined {
    const { random } = this.#world;
    const living = this.#places.filter(({ process }) => !process.isDead && !process.isFrozen);
    const busy = living.filter(({ process }) => /asked|done/.test(process.at));
    return random.pick(busy.length > 0 && random.chance(0.8) ? busy : living);
  }

  crashOne(): void {
    const place = this.#victim();
    if (place === undefined) return;
    this.#crash(place.process);
    const absence = this.#world.random.below(LONGEST_ABSENCE);
    this.#world.after(absence, null, () => void this.#absent.push(place));
  }

  #crash(process: Process): void {
    this.#world.tell(() => `${process.name} crashes: ${process.at}`);
    this.crashes.push(`${process.kind}: ${process.at}`);
    this.#world.crash(process);
    this.#notice(process);
  }

  /** As on SIGTERM; another takes its place when it has ended. */
  async stopOne(): Promise<void> {
    const place = this.#victim();
    if (place === undefined || place.stop === null || place.isStopping) return;
    const { process, stop } = place;
    place.isStopping = true;
    this.#world.tell(() => `${process.name} is to end`);
    await this.#world.enter(process, () => {
      void stop().then(() => {
        this.#world.tell(() => `${process.name} has ended`);
        this.#world.crash(process);
        this.#absent.push(place);
      });
    });
  }

  /** As on SIGSTOP, for a while. */
  freezeOne(): void {
    const process = this.#victim()?.process;
    if (process === undefined) return;
    this.#world.tell(() => `${process.name} stops: ${process.at}`);
    this.freezes.push(`${process.kind}: ${process.at}`);
    process.isFrozen = true;
    this.#notice(process);
    this.#world.after(this.#world.random.below(LONGEST_FREEZE), null, () => this.#wake(process));
  }

  wakeAll(): void {
    for (const { process } of this.#places) this.#wake(process);
  }

  #wake(process: Process): void {
    if (!process.isFrozen || process.isDead) return;
    this.#world.tell(() => `${process.name} wakes`);
    this.#world.wake(process);
    this.#notice(process);
  }

  #notice(process: Process): void {
    for (const group of this.#kafka.groups) group.notice(process);
  }
}
