#!/usr/bin/env -S node --disable-warning=TimeoutNegativeWarning
/** authseal-archiver: writes the sealed batches of all logs into the bucket of one region. */
import { createLogger, handleShutdown, startHealthServer } from '@authseal/runtime';
import { Archiver } from './archiver.ts';
import { type Config, readConfig, regionOf } from './config.ts';
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

try {
  await main(readConfig(process.argv.slice(2)));
} catch (error) {
  const { name, message } = error as Error;
  process.stderr.write(`${name}: ${message}\n`);
  process.exit(1);
}
