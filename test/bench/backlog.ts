/** A backlog of real-shaped events, about 245 bytes each, by one producer: in one partition. */
import type { Stack } from '@authseal/deploy/local';
import { createAuditProducer } from '@authseal/producer-sdk';

const AT_ONCE = 5000;
const BUFFER_BYTES = 256 * 1024 * 1024;

export async function produceBacklog({ kafkaBrokers }: Stack, events: number): Promise<void> {
  const producer = createAuditProducer({
    service: 'bench',
    deployment: 'local',
    kafka: { brokers: kafkaBrokers },
    maxBufferedBytes: BUFFER_BYTES,
  });
  for (let sent = 0; sent < events; sent += AT_ONCE) {
    const length = Math.min(AT_ONCE, events - sent);
    await Promise.all(
      Array.from({ length }, (_, i) => producer.loginFailed(failedLogin(sent + i))),
    );
  }
  await producer.close();
}

const failedLogin = (i: number) => ({
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
