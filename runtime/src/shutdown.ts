/**
 * How a service ends. A signal asks it to stop: what is open is sealed or left, within the grace
 * time. Anything that nobody caught ends it at once: all state is committed with the data, so that
 * a crash loses nothing, while going on in an unknown state might.
 */
import type { Logger } from 'pino';

export interface ShutdownOptions {
  log: Logger;
  /** Runs once; the process exits with 0 when it resolves, with 1 when it rejects. */
  stop: () => Promise<void>;
  /** Milliseconds that `stop` may take; afterwards the process exits with 1. */
  graceMs: number;
}

/** From now on SIGTERM and SIGINT stop the process; a second one ends it at once. */
export function handleShutdown({ log, stop, graceMs }: ShutdownOptions): void {
  let stopping = false;

  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) {
      log.error({ signal }, 'second signal: ending at once');
      process.exit(1);
    }
    stopping = true;
    log.info({ signal, graceMs }, 'stopping');
    setTimeout(() => {
      log.error({ graceMs }, 'could not stop within the grace time: ending');
      process.exit(1);
    }, graceMs);
    stop().then(
      () => {
        log.info('stopped');
        process.exit(0);
      },
      (err: unknown) => {
        log.error({ err }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);

  // Unhandled rejections arrive here too: Node's default raises them as uncaught exceptions.
  process.on('uncaughtException', (err, origin) => {
    log.fatal({ err, origin }, 'uncaught error: ending');
    process.exit(1);
  });
}
