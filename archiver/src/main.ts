#!/usr/bin/env node
/**
 * authseal-archiver: writes the sealed batches of all logs into the bucket of one region.
 *
 *     authseal-archiver                            serves until SIGTERM
 *     authseal-archiver backfill --from-region A   copies what this region lacks from region A
 */
import { createLogger, handleShutdown, startHealthServer } from '@authseal/runtime';
import { Archiver } from './archiver.ts';
import { backfill } from './backfill/command.ts';
import { BACKFILL_HELP, backfillConfig } from './backfill/config.ts';
import { type Config, configHelp, readConfig, regionOf } from './config.ts';
import { createWatch } from './watch.ts';

async function main(config: Config): Promise<void> {
  const { deployment, logLevel, httpHost, httpPort, shutdownGrace, region } = config;
  const log = createLogger({ service: 'archiver', deployment, level: logLevel }).child({ region });
  const watch = createWatch(log, deployment, region);
  const archiver = new Archiver(config, watch, log);
  const health = await startHealthServer({
    host: httpHost,
    port: httpPort,
    registry: watch.registry,
    // What it does not get out of by itself ends the process.
    live: () => [],
    ready: () => archiver.reasons(),
  });
  watch.readiness(() => archiver.reasons().length === 0);
  handleShutdown({
    log,
    graceMs: shutdownGrace,
    async stop() {
      await archiver.stop();
      await health.close();
    },
  });
  const { bucket, prefix } = regionOf(config);
  log.info({ bucket, prefix, port: health.port }, 'archiver started');
  await archiver.start();
}

async function fill(flags: string[]): Promise<void> {
  const config = backfillConfig(flags);
  const { deployment, logLevel: level, region } = config;
  const log = createLogger({ service: 'archiver', deployment, level }).child({ region });
  const stopped = await backfill(config, (line) => console.log(line), log);
  if (stopped > 0) process.exitCode = 1;
}

const HELP = `authseal-archiver: writes the sealed batches of all logs into the bucket of one region.

  authseal-archiver                            serves until SIGTERM
  authseal-archiver backfill --from-region A   copies what this region lacks from region A [--dry-run]
${configHelp()}
`;

try {
  const [command, ...rest] = process.argv.slice(2);
  const isBackfill = command === 'backfill';
  const flags = isBackfill || command === undefined ? rest : [command, ...rest];
  if (flags.includes('--help') || flags.includes('-h')) {
    process.stdout.write(isBackfill ? BACKFILL_HELP : HELP);
  } else if (isBackfill) await fill(flags);
  else await main(readConfig(flags));
} catch (error) {
  const { name, code, message } = error as Error & { code?: string };
  process.stderr.write(`${[name, code].filter(Boolean).join(' ')}: ${message}\n`);
  // 2: something to be put right before it is tried again.
  process.exit(code === 'INVALID_CONFIG' ? 2 : 1);
}
