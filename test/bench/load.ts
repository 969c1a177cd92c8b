/**
 * A service that records events at an even pace, as many as its buffer takes, until SIGTERM.
 *
 *     node load.ts <brokers> <events a second>
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createAuditProducer, ProducerError } from '@authseal/producer-sdk';
import { failedLogin } from './backlog.ts';

const TICK_MS = 10;
/** So many producers that each of the eight partitions gets its share. */
const PRODUCERS = 32;
/** Of each: some seconds of its share. A machine that does not keep up passes over the rest. */
const BUFFER_BYTES = 2 * 1024 * 1024;

const [brokers, rate] = process.argv.slice(2) as [string, string];
const kafka = { brokers: brokers.split(',') };
const producers = Array.from({ length: PRODUCERS }, () =>
  createAuditProducer({
    service: 'bench',
    deployment: 'local',
    kafka,
    lingerMs: 100,
    maxBufferedBytes: BUFFER_BYTES,
  }),
);
let isRunning = true;
process.once('SIGTERM', () => {
  isRunning = false;
});

let recorded = 0;
for (const from = performance.now(); isRunning; await delay(TICK_MS)) {
  const due = ((performance.now() - from) / 1000) * Number(rate);
  for (; recorded < due && isRunning; recorded += 1) {
    const producer = producers[recorded % PRODUCERS] as (typeof producers)[number];
    producer.loginFailed(failedLogin(recorded)).catch(passOver);
  }
}
// What waits is not sent: the measurement is over.
process.exit(0);

/** The buffer was full: what both regions hold says how many came through. */
function passOver(error: unknown): void {
  if (!(error instanceof ProducerError && error.code === 'BUFFER_FULL')) throw error;
}
