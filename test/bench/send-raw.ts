/**
 * The reference of the SDK: kafkajs sends what the SDK would, made beforehand, one record batch after
 * the other.
 *
 *     node send-raw.ts <brokers> <events>
 */
import kafkajs, { type Message } from 'kafkajs';
import { eventValue } from './backlog.ts';
import { endScript } from './script.ts';

/** Events of a flush of the SDK. */
const AT_ONCE = 1000;
const WARM_UP_BATCHES = 20;

const [brokers, count] = process.argv.slice(2) as [string, string];
const kafka = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.ERROR });
const producer = kafka.producer({ maxInFlightRequests: 1 });
await producer.connect();

const messages: Message[] = Array.from({ length: AT_ONCE }, (_, i) => ({
  key: 'bench/01890a5d-ac96-774b-bcce-b302099a8057',
  value: eventValue(i),
  headers: {
    'authseal-sequence': `${1_000_000 + i}`,
    ...(i === AT_ONCE - 1 ? { 'authseal-link': Buffer.alloc(32, 7) } : {}),
  },
}));
const send = () => producer.send({ topic: 'auth-events', acks: -1, messages });

for (let i = 0; i < WARM_UP_BATCHES; i += 1) await send();
const from = performance.now();
for (let sent = 0; sent < Number(count); sent += AT_ONCE) await send();
endScript(from);
