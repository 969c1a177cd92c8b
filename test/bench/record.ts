/**
 * Records events with the SDK and waits for their receipts.
 *
 *     node record.ts <brokers> <events> <unsigned | signed>
 */
import { generateKeyPairSync } from 'node:crypto';
import { createAuditProducer } from '@authseal/producer-sdk';
import { failedLogin } from './backlog.ts';
import { endScript } from './script.ts';

/** Recorded before their receipts are awaited: the buffer never runs full. */
const AT_ONCE = 20_000;
const WARM_UP = 20_000;

const [brokers, count, kind] = process.argv.slice(2) as [string, string, string];
const key = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
const producer = createAuditProducer({
  service: 'bench',
  deployment: 'local',
  kafka: { brokers: brokers.split(',') },
  ...(kind === 'signed' ? { signingKey: key().toString() } : {}),
});

/** Milliseconds that the calls took, without the wait for their receipts. */
let called = 0;

async function record(events: number): Promise<void> {
  for (let sent = 0; sent < events; sent += AT_ONCE) {
    const from = performance.now();
    const receipts: Promise<unknown>[] = [];
    for (let i = sent; i < Math.min(events, sent + AT_ONCE); i += 1) {
      receipts.push(producer.loginFailed(failedLogin(i)));
    }
    called += performance.now() - from;
    await Promise.all(receipts);
  }
}

await record(WARM_UP);
called = 0;
const from = performance.now();
await record(Number(count));
endScript(from, { callerSeconds: called / 1000 });
