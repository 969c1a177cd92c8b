#!/usr/bin/env -S node --disable-warning=TimeoutNegativeWarning
/** authseal-archiver: writes the sealed batches of all logs into the bucket of one region. */
import { createLogger, handleShutdown, startHealthServer } from '@authseal/runtime';
import { Archiver } from './archiver.ts';
import { type Config, configHelp, readConfig, regionOf } from './config.ts';
import { createWatch } from './watch.ts';

async function main(config: Config): Promise<void> {
  const { deployment, logLevel, httpHost, httpPort, shutdownGrace, region } = config;
  const log = createLogger({ service: 'archiver', deployment, level: logLevel }).child({ region });
  const watch = createWatch(log, region);
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

const HELP = `authseal-archiver: writes the sealed batches of all logs into the bucket of one region.
${configHelp()}
`;

try {
  const flags = process.argv.slice(2);
  if (flags.includes('--help') || flags.includes('-h')) process.stdout.write(HELP);
  else await main(readConfig(flags));
} catch (error) {
  const { name, code, message } = error as Error & { code?: string };
  process.stderr.write(`${[name, code].filter(Boolean).join(' ')}: ${message}\n`);
  // 2: something to be put right before it is tried again.
  process.exit(code === 'INVALID_CONFIG' ? 2 : 1);
}
