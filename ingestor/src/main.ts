#!/usr/bin/env node
/**
 * authseal-ingestor: seals the events topic into batches on the batches topic.
 *
 *     authseal-ingestor          serves until SIGTERM
 *     authseal-ingestor init     topics created or checked, batch 0 of each log sealed
 *     authseal-ingestor close    seals all there is, then the last batch of each log
 *     authseal-ingestor recover  --from-archive: each log goes on from its last batch in any region
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LedgerError } from '@authseal/ledger';
import { createLogger, handleShutdown, type Logger, startHealthServer } from '@authseal/runtime';
import { Command, CommanderError } from 'commander';
import { type Config, configHelp, initConfig, serveConfig } from './config.ts';
import { IngestorError } from './error.ts';
import { recoverFromArchive } from './from-archive/command.ts';
import { recoverConfig, recoverHelp } from './from-archive/config.ts';
import { type Ingestor, initialize, refuseWhileRunning, startIngestor } from './ingestor.ts';
import { createMetrics } from './metrics.ts';

/** Between two tries to reach Kafka at the start. */
const RETRY_MS = 1000;

const loggerOf = ({ deployment, logLevel: level }: Config) =>
  createLogger({ service: 'ingestor', deployment, level });

async function serve(flags: string[]): Promise<void> {
  const config = serveConfig(flags);
  const log = loggerOf(config);
  const metrics = createMetrics(log, config.deployment);
  const { httpHost: host, httpPort: port, shutdownGrace: graceMs } = config;
  const starting = new AbortController();
  let ingestor: Ingestor | null = null;
  let awaited = 'Kafka is not reached yet';
  const health = await startHealthServer({
    host,
    port,
    registry: metrics.registry,
    live: () => [],
    ready: () => ingestor?.ready() ?? [awaited],
  });
  metrics.readiness(() => ingestor !== null && ingestor.ready().length === 0);
  handleShutdown({
    log,
    graceMs,
    async stop() {
      starting.abort();
      await ingestor?.stop();
      await health.close();
    },
  });
  const patience = {
    log,
    signal: starting.signal,
    failed: (err: unknown) => {
      awaited = err instanceof Error ? err.message : String(err);
    },
  };
  ingestor = await untilReached(
    () => startIngestor(config, { close: false }, metrics, log),
    patience,
  );
  if (ingestor !== null) {
    log.info({ port: health.port, group: config.ingestorGroup }, 'sealing');
  }
}

/**
 * Kafka may be away when we start: waits for it, until the signal says to stop (null then). What a
 * person must mend ends the process.
 */
async function untilReached<T>(
  attempt: () => Promise<T>,
  { log, signal, failed }: { log: Logger; signal: AbortSignal; failed: (err: unknown) => void },
): Promise<T | null> {
  while (!signal.aborted) {
    try {
      return await attempt();
    } catch (err) {
      if (err instanceof IngestorError || err instanceof LedgerError) throw err;
      failed(err);
      log.warn({ err }, 'Kafka is not reached; trying again');
      await delay(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }
  return null;
}

async function init(flags: string[]): Promise<void> {
  const config = initConfig(flags);
  const logs = await initialize(config, loggerOf(config));
  const begun = logs.filter((log) => log === 'begun').length;
  console.log(`${config.eventsTopic}: ${logs.length} logs, ${begun} begun now`);
  const closed = logs.flatMap((log, partition) => (log === 'closed' ? [partition] : []));
  if (closed.length === 0) return;
  console.log(
    `Closed for good, and sealed no more: partition ${closed.join(', ')}. What is still sent there is not sealed; events go on under a new topic or deployment.`,
  );
}

async function close(flags: string[]): Promise<void> {
  const config = serveConfig(flags);
  const log = loggerOf(config);
  await refuseWhileRunning(config, log);
  const metrics = createMetrics(log, config.deployment);
  const ingestor = await startIngestor(config, { close: true }, metrics, log);
  handleShutdown({ log, graceMs: config.shutdownGrace, stop: ingestor.stop });
  try {
    while (!ingestor.closed()) await delay(100);
  } finally {
    await ingestor.stop();
  }
  console.log(`${config.eventsTopic}: all logs are closed`);
}

async function recover(flags: string[]): Promise<void> {
  const config = recoverConfig(flags);
  const { deployment, logLevel: level } = config;
  const log = createLogger({ service: 'ingestor', deployment, level });
  const refused = await recoverFromArchive(config, (line) => console.log(line), log);
  if (refused > 0) process.exitCode = 1;
}

const program = new Command('authseal-ingestor')
  .description('Seals authorization events into chained, signed batches, exactly once.')
  .helpOption('-h, --help', 'what it does and takes')
  .addHelpText('after', configHelp())
  .exitOverride();
const run = (action: (flags: string[]) => Promise<void>) => (_: unknown, command: Command) =>
  action(command.args);
const commandOf = (name: string, about: string, action: (flags: string[]) => Promise<void>) =>
  program
    .command(name, { isDefault: name === 'serve' })
    .description(about)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(run(action));
commandOf('serve', 'seal until SIGTERM (the default)', serve);
commandOf('init', 'create or check the topics, seal batch 0 of each log [--partitions N]', init);
commandOf('close', 'seal all there is and close each log', close);
commandOf(
  'recover',
  'each log goes on from its last batch in any region: --from-archive [--dry-run] [--accept-fork-risk]',
  recover,
).addHelpText('after', recoverHelp());

try {
  await program.parseAsync();
} catch (error) {
  // Commander has said it already.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  const { name, code, message } = error as Error & { code?: string };
  process.stderr.write(`${[name, code].filter(Boolean).join(' ')}: ${message}\n`);
  // 2: something to be put right before it is tried again.
  process.exit(code === 'INVALID_CONFIG' ? 2 : 1);
}
