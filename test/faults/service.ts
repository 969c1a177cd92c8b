/**
 * A producing service as a process of its own, which tells on standard output what it does, each line
 * before the next step: `sent` once an event is recorded, `acknowledged` with each receipt.
 *
 *     node test/faults/service.ts NAME BROKERS [STEP N]
 *
 * With a STEP it kills itself there, at the N-th passing. Steps are seen where the SDK meets the
 * outside: at its own methods and on its sockets.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { createAuditProducer } from '@authseal/producer-sdk';

/** `recorded`: waits for its flush; `written`: Produce is on its way; `answered`: the answer is there; `acknowledged`: the service has the receipt. */
export type Step = 'recorded' | 'written' | 'answered' | 'acknowledged';

/** Some events before it waits for their receipts. */
const AT_ONCE = 5;

/** Kafka's number of the request, which stands behind the length. */
const PRODUCE = 0;
const API_KEY_AT = 4;

const [service = '', brokers = '', step, passings = '1'] = process.argv.slice(2);
let left = Number(passings);

function passed(name: Step): void {
  if (name !== step) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
}

function tell(what: 'sent' | 'acknowledged', details: unknown): void {
  writeSync(1, `${JSON.stringify([what, details])}\n`);
}

const { write } = Socket.prototype;
Socket.prototype.write = function (this: Socket, data: unknown, ...rest: unknown[]) {
  const isProduce = Buffer.isBuffer(data) && data.readInt16BE(API_KEY_AT) === PRODUCE;
  if (isProduce) this.prependOnceListener('data', () => passed('answered'));
  const more = write.apply(this, [data, ...rest] as Parameters<typeof write>);
  if (isProduce) passed('written');
  return more;
} as typeof write;

const kafka = { brokers: brokers.split(',') };
const producer = createAuditProducer({ service, deployment: 'local', kafka, lingerMs: 50 });
for (;;) {
  const events = Array.from({ length: AT_ONCE }, async () => {
    const receipt = producer.accessDenied({
      actor: { type: 'USER', id: 'mallory' },
      accessDenial: { resource: '/payroll', action: 'read', policy: 'hr-only' },
    });
    tell('sent', 1);
    passed('recorded');
    tell('acknowledged', await receipt);
    passed('acknowledged');
  });
  await Promise.all(events);
}
