/** Looks at the rules of the topics again and again: their settings can be changed while we run. */
import type { Logger } from '../log.ts';
import type { TopicCheck } from './topic-rules.ts';

export type TopicWatchOptions = {
  /** Looks once. */
  readonly examine: () => Promise<readonly TopicCheck[]>;
  /** Told after each look how many rules are broken. */
  readonly told: (faults: number) => void;
  readonly log: Logger;
  readonly intervalMs?: number;
};

const INTERVAL_MS = 60_000;

export class TopicWatch {
  readonly #options: TopicWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #faults: readonly string[] = [];
  #isLooking = false;
  #isStopped = false;

  /** Looks at once, and then every minute. */
  constructor(options: TopicWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), options.intervalMs ?? INTERVAL_MS);
    this.#look();
  }

  /** Which promises the topics break now, and the commands that mend them. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** A look under way, which may take long while Kafka is away, is not waited for, and tells nothing more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#isStopped = true;
  }

  #look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#examine().finally(() => {
      this.#isLooking = false;
    });
  }

  async #examine(): Promise<void> {
    const { examine, told, log } = this.#options;
    try {
      const faults = (await examine()).flatMap(({ fault }) => fault ?? []);
      if (this.#isStopped) return;
      for (const fault of faults) {
        if (!this.#faults.includes(fault)) log.error({ fault }, 'a topic breaks a promise');
      }
      for (const fault of this.#faults) {
        if (!faults.includes(fault)) log.info({ fault }, 'a topic keeps its promise again');
      }
      this.#faults = faults;
      told(faults.length);
    } catch (err) {
      if (this.#isStopped) return;
      log.warn({ err }, 'the settings of the topics could not be looked at; trying again');
    }
  }
}
