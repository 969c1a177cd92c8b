/** A backlog of real-shaped events, about 245 bytes each. */
import { createAuditProducer } from '@authseal/producer-sdk';
import { encodeEvent } from '@authseal/schemas';

const AT_ONCE = 5000;
const BUFFER_BYTES = 256 * 1024 * 1024;

/**
 * Sends events to a topic.
 * @param services how many producers take turns; each of them writes to one partition
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
  for (let sent = 0; sent < events; sent += AT_ONCE) {
    const length = Math.min(AT_ONCE, events - sent);
    const producer = producers[(sent / AT_ONCE) % services] as (typeof producers)[number];
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

/** The same as a Kafka value, but for its id and its time. */
export const eventValue = (i: number): Buffer =>
  encodeEvent({
    ...failedLogin(i),
    id: '01890a5d-ac96-774b-bcce-b302099a8057',
    time: 1_700_000_000_000_000,
    kind: 'LOGIN_FAILED',
    service: 'bench',
  });
