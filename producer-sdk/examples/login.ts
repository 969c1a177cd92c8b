import { createAuditProducer } from '@authseal/producer-sdk';

const audit = createAuditProducer({
  service: 'billing',
  deployment: process.env.AUTHSEAL_DEPLOYMENT ?? 'local',
  kafka: { brokers: (process.env.AUTHSEAL_KAFKA_BROKERS ?? '127.0.0.1:9092').split(',') },
});

const receipt = await audit.loginSucceeded({
  actor: { type: 'USER', id: 'ana' },
  login: { method: 'password', mfa: true },
  source: { ip: '192.0.2.7' },
});
console.log(`sealed soon: event ${receipt.id} is at ${receipt.partition}/${receipt.offset}`);

await audit.close({ timeoutMs: 10_000 });
