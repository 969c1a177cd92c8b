/**
 * A service that records events at an even pace, and waits where Kafka does not keep up, until
 * SIGTERM.
 *
 *     node load.ts <brokers> <events a second>
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createAuditProducer } from '@authseal/producer-sdk';
import { failedLogin } from './backlog.ts';

const TICK_MS = 10;
/** A few services: each producer sends for itself, and 32 of them took a third more CPU for an event. */
const PRODUCERS = 12;
/** Longer, and what waits outlives the young generation: at 500 ms an event costs a third more. */
const LINGER_MS = 100;
/** Not yet confirmed, of all: about a second's worth. */
const MOST_WAITING = 40_000;

const [brokers, rate] = process.argv.slice(2) as [string, string];
const kafka = { brokers: brokers.split(',') };
const producers = Array.from({ length: PRODUCERS }, () =>
  createAuditProducer({
    service: 'bench',
    deployment: 'local',
    kafka,
    lingerMs: LINGER_MS,
  }),
);
let isRunning = true;
process.once('SIGTERM', () => {
  isRunning = false;
});

let recorded = 0;
let confirmed = 0;
const confirm = () => {
  confirmed += 1;
};
for (const from = performance.now(); isRunning; await delay(TICK_MS)) {
  const due = Math.min(
    ((performance.now() - from) / 1000) * Number(rate),
    confirmed + MOST_WAITING,
  );
  for (; recorded < due; recorded += 1) {
    const producer = producers[recorded % PRODUCERS] as (typeof producers)[number];
    void producer.loginFailed(failedLogin(recorded)).then(confirm);
  }
}
// What waits is not sent: the measurement is over.
process.exit(0);
