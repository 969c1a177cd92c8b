#!/usr/bin/env -S node --disable-warning=TimeoutNegativeWarning
/**
 * authseal-ingestor: seals the events topic into batches on the batches topic.
 *
 *     authseal-ingestor          serves until SIGTERM
 *     authseal-ingestor init     topics created or checked, batch 0 of each log sealed
 *     authseal-ingestor close    seals all there is, then the last batch of each log
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createLogger, handleShutdown, startHealthServer } from '@authseal/runtime';
import { Command } from 'commander';
import { type Config, configHelp, initConfig, serveConfig } from './config.ts';
import { initialize, refuseWhileRunning, startIngestor } from './ingestor.ts';
import { createMetrics } from './metrics.ts';

const loggerOf = ({ deployment, logLevel: level }: Config) =>
  createLogger({ service: 'ingestor', deployment, level });

async function serve(flags: string[]): Promise<void> {
  const config = serveConfig(flags);
  const log = loggerOf(config);
  const metrics = createMetrics(log);
  const ingestor = await startIngestor(config, { close: false }, metrics, log);
  const { httpHost: host, httpPort: port, shutdownGrace: graceMs } = config;
  const { registry } = metrics;
  const { ready, stop } = ingestor;
  const health = await startHealthServer({ host, port, registry, live: () => [], ready });
  handleShutdown({ log, graceMs, stop: async () => stop().then(() => health.close()) });
  log.info({ port: health.port, group: config.ingestorGroup }, 'sealing');
}

async function init(flags: string[]): Promise<void> {
  const config = initConfig(flags);
  const { begun, partitions } = await initialize(config, loggerOf(config));
  console.log(`${config.eventsTopic}: ${partitions} logs, ${begun} begun now`);
}

async function close(flags: string[]): Promise<void> {
  const config = serveConfig(flags);
  const log = loggerOf(config);
  await refuseWhileRunning(config, log);
  const ingestor = await startIngestor(config, { close: true }, createMetrics(log), log);
  handleShutdown({ log, graceMs: config.shutdownGrace, stop: ingestor.stop });
  while (!ingestor.closed()) await delay(100);
  await ingestor.stop();
  console.log(`${config.eventsTopic}: all logs are closed`);
}

const program = new Command('authseal-ingestor')
  .description('Seals authorization events into chained, signed batches, exactly once.')
  .helpOption('-h, --help', 'what it does and takes')
  .addHelpText('after', configHelp());
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

try {
  await program.parseAsync();
} catch (error) {
  const { name, code, message } = error as Error & { code?: string };
  process.stderr.write(`${[name, code].filter(Boolean).join(' ')}: ${message}\n`);
  // 2: something to be put right before it is tried again.
  process.exit(code === 'INVALID_CONFIG' ? 2 : 1);
}
