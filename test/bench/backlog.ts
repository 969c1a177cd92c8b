/** A backlog of real-shaped events, about 245 bytes each. */
import { hash } from 'node:crypto';
import { createAuditProducer } from '@authseal/producer-sdk';
import { encodeEvent } from '@authseal/schemas';

const MOST_AT_ONCE = 5000;
const BUFFER_BYTES = 256 * 1024 * 1024;

/**
 * Sends events to a topic.
 * @param services how many producers take turns, at most as many as events; each writes to one partition
 */
export async function produceBacklog(
  brokers: string[],
  topic: string,
  events: number,
  services = 1,
): Promise<void> {
  const producers = Array.from({ length: services }, () =>
    createAuditProducer({
      service: 'bench',
      deployment: 'local',
      topic,
      kafka: { brokers },
      maxBufferedBytes: BUFFER_BYTES,
    }),
  );
  const atOnce = Math.min(MOST_AT_ONCE, Math.ceil(events / services));
  for (let sent = 0; sent < events; sent += atOnce) {
    const length = Math.min(atOnce, events - sent);
    const producer = producers[(sent / atOnce) % services] as (typeof producers)[number];
    await Promise.all(
      Array.from({ length }, (_, i) => producer.loginFailed(failedLogin(sent + i))),
    );
  }
  await Promise.all(producers.map((producer) => producer.close()));
}

export const failedLogin = (i: number) => ({
  actor: { type: 'USER' as const, id: `user-${i % 1000}@example.com`, name: 'Some Body' },
  target: { type: 'host', id: 'app-17.internal.example.com', name: null },
  reason: 'password failed',
  source: {
    ip: `10.0.${i % 256}.${(i * 7) % 256}`,
    port: 40_000 + (i % 20_000),
    userAgent: 'curl/8.5.0',
  },
  session: `s-${i}`,
  login: { method: 'password', mfa: null },
  attributes: { region: 'eu-central-1', cluster: 'blue' },
});

/** The same as a Kafka value; its id is one that does not repeat, and does not compress. */
export function eventValue(i: number): Buffer {
  const digits = hash('sha256', String(i), 'hex');
  const id = `${digits.slice(0, 8)}-${digits.slice(8, 12)}-7${digits.slice(12, 15)}-8${digits.slice(15, 18)}-${digits.slice(18, 30)}`;
  const time = 1_700_000_000_000_000 + 137 * i;
  return encodeEvent({ ...failedLogin(i), id, time, kind: 'LOGIN_FAILED', service: 'bench' });
}

/** A record with this value as Kafka would give it, without Kafka. */
export const recordOf = (i: number, value = eventValue(i)) => ({
  offset: i,
  timestamp: 1_700_000_000_000 + i,
  key: Buffer.from('bench/01890a5d-ac96-774b-bcce-b302099a8057'),
  headers: [['authseal-sequence', Buffer.from(`${i}`)]] as [string, Buffer][],
  value,
});
