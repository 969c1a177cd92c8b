/**
 * A world in which nothing happens but by the seed: processes, the requests between them and the
 * servers, and time. Whatever is ready may happen next, in any order; the seed picks.
 *
 * A process is the product's own code, running on promises. One step of the world lets one thing
 * happen to one process and then waits until all its promises have come to rest; so it is always
 * known whose code runs (`current`), and a process that is not told anything more has crashed.
 */

/** mulberry32: small, fast, the same everywhere. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1);
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

export class Process {
  readonly kind: string;
  readonly name: string;
  isDead = false;
  /** Stopped, as by SIGSTOP: what happens to it waits. */
  isFrozen = false;
  /** What waits for it to wake. */
  readonly held: (() => void)[] = [];
  /** What it did last, or what was done for it: where a crash strikes. */
  at = 'start';

  constructor(kind: string, name: string) {
    this.kind = kind;
    this.name = name;
  }
}

/** What befalls a request: see World.request. */
type Fate = 'fine' | 'refused' | 'lost' | 'unanswered' | 'late' | 'odd';
const FATES: readonly Fate[] = ['refused', 'lost', 'unanswered', 'unanswered', 'late', 'odd'];

export type Failures = {
  /** The server's own answer that it did nothing, and that one may try again. */
  refused(): Error;
  /** No answer came. */
  unanswered(): Error;
  /** The server's answer that something went wrong, when all was done. */
  odd(): Error;
};

type Event = { readonly to: Process | null; readonly from: Process | null; run(): void };
type Timer = { readonly at: number; readonly process: Process | null; run(): void };

/** How long a request may be on its way after its sender gave it up, at most. Milliseconds. */
const LATEST = 90_000;

/** Where time begins. */
const BEGINNING = Date.parse('2026-11-24T12:00:00Z');

export class World {
  readonly random: Random;
  /** Milliseconds since 1970. */
  now = BEGINNING;
  /** Whose code runs. */
  current: Process | null = null;
  /** No fault happens any more; what is on its way still arrives. */
  isCalm = false;
  /** How many requests in all suffer a fault. */
  faultRate = 0;
  /** What befalls the next request, whatever the seed says: for tests of the models. */
  nextFate: Fate | null = null;
  /** How often time passes though something else could happen. */
  haste = 0.08;
  steps = 0;
  /** What happened, for whoever replays a seed. */
  trace: ((line: string) => void) | null = null;
  readonly #ready: Event[] = [];
  readonly #timers: Timer[] = [];

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  tell(line: () => string): void {
    this.trace?.(`${String(this.steps).padStart(5)} +${this.now - BEGINNING} ms  ${line()}`);
  }

  /** Lets `run` happen to a process, or to the servers (null), at any time from now on. */
  soon(to: Process | null, run: () => void, from: Process | null = null): void {
    this.#ready.push({ to, from, run });
  }

  /** Lets `run` happen when `ms` have passed; returns what takes it back. */
  after(ms: number, process: Process | null, run: () => void): () => void {
    const timer = { at: this.now + Math.max(0, Math.trunc(ms)), process, run };
    this.#timers.push(timer);
    return () => {
      const i = this.#timers.indexOf(timer);
      if (i >= 0) this.#timers.splice(i, 1);
    };
  }

  /**
   * A request of the current process to a server, where it takes effect, and the answer. It may be
   * refused, lost, take effect without an answer, take effect long after its sender gave it up
   * (`late`), or take effect and be answered with an error (`odd`). `confirm`, where there is one,
   * is a second step at the server, before the answer.
   */
  request<T>(
    name: string,
    failures: Failures,
    effect: () => T,
    confirm?: (result: T) => void,
  ): Promise<T> {
    const process = this.current;
    if (process === null) throw new Error(`${name}: nobody is running`);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const fate = this.#fate();
    process.at = `${name} asked`;
    this.tell(() => `${process.name} asks ${name}${fate === 'fine' ? '' : ` (${fate})`}`);
    const answer = (settle: () => void) =>
      this.soon(process, () => {
        process.at = `${name} answered`;
        settle();
      });
    const answerWith = (result: T) =>
      answer(fate === 'odd' ? () => reject(failures.odd()) : () => resolve(result));
    const isAnswered = fate === 'fine' || fate === 'odd';
    const deliver = () => {
      let result: T;
      try {
        result = effect();
        process.at = `${name} done`;
      } catch (error) {
        this.tell(() => `${process.name} is refused ${name}: ${(error as Error).message}`);
        if (isAnswered) answer(() => reject(error));
        return;
      }
      this.tell(() => `${process.name} has ${name} done`);
      if (confirm === undefined || this.random.chance(0.7)) {
        confirm?.(result);
        if (isAnswered) answerWith(result);
        return;
      }
      this.soon(null, () => {
        try {
          confirm(result);
        } catch (error) {
          if (isAnswered) answer(() => reject(error));
          return;
        }
        if (isAnswered) answerWith(result);
      });
    };
    if (fate === 'refused') answer(() => reject(failures.refused()));
    else if (fate === 'late') this.after(this.random.below(LATEST), null, deliver);
    else if (fate !== 'lost') this.soon(null, deliver, process);
    // A client notices by its timeout; that the answer is lost may also come before the effect.
    if (!isAnswered && fate !== 'refused') answer(() => reject(failures.unanswered()));
    return promise;
  }

  #fate(): Fate {
    const { nextFate } = this;
    this.nextFate = null;
    if (nextFate !== null) return nextFate;
    if (this.isCalm || !this.random.chance(this.faultRate)) return 'fine';
    return this.random.pick(FATES);
  }

  /** Lets one thing happen. False when nothing ever will. */
  async step(): Promise<boolean> {
    const ready = this.#ready;
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer;
    if (next === undefined && ready.length === 0) return false;
    this.steps += 1;
    if (next !== undefined && (ready.length === 0 || this.random.chance(this.haste))) {
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.now = Math.max(this.now, next.at);
      await this.enter(next.process, next.run);
      return true;
    }
    const i = this.random.below(ready.length);
    const event = ready[i] as Event;
    ready[i] = ready.at(-1) as Event;
    ready.pop();
    await this.enter(event.to, event.run);
    return true;
  }

  /** Runs code of a process until all its promises are at rest; keeps it for later while it is frozen. */
  async enter(process: Process | null, run: () => void): Promise<void> {
    if (process?.isDead) return;
    if (process?.isFrozen) {
      process.held.push(run);
      return;
    }
    this.current = process;
    run();
    await atRest();
    this.current = null;
  }

  /** Ends a process between two steps. What it has sent may arrive or not. */
  crash(process: Process): void {
    process.isDead = true;
    process.held.length = 0;
    for (let i = this.#ready.length - 1; i >= 0; i -= 1) {
      const { to, from } = this.#ready[i] as Event;
      if (to === process || (from === process && this.random.chance(0.5))) this.#ready.splice(i, 1);
    }
  }

  /** What is on its way to the servers arrives now. */
  hurry(): void {
    for (let i = this.#timers.length - 1; i >= 0; i -= 1) {
      const { process, run } = this.#timers[i] as Timer;
      if (process !== null) continue;
      this.#timers.splice(i, 1);
      this.soon(null, run);
    }
  }

  wake(process: Process): void {
    process.isFrozen = false;
    for (const run of process.held.splice(0)) this.soon(process, run);
  }
}

/** Node empties the queue of promises before it looks at this one. */
const atRest = () => new Promise<void>((resolve) => process.nextTick(resolve));

let world: World | null = null;

/** The world that runs now: for what takes the place of clients, which nobody can hand it to. */
export function theWorld(): World {
  if (world === null) throw new Error('no world is running');
  return world;
}

export function runIn(next: World | null): void {
  world = next;
}
