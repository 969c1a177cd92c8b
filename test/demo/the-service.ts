/** Scene: a service that records what it decides, and a day of requests to it. */
import { type AuditProducer, createAuditProducer } from '@authseal/producer-sdk';
import { createService } from '../demo-service/service.ts';
import { Client } from './client.ts';
import { type Day, liveThroughTheDay, openCompany } from './day.ts';
import { expect } from './expect.ts';
import { makeProducerKey } from './producer-key.ts';
import { sum } from './stages.ts';
import { emptyLine, heading, say, warn } from './terminal.ts';
import type { World } from './world.ts';

const SERVICE = 'access';

export async function theService(world: World): Promise<Day> {
  heading('2  A service, and a day of requests to it');
  say(
    'A small Fastify service (test/demo-service/service.ts) decides who may do what. It awaits the receipt of each event before it answers: no effect without a record. People log in and work; an intruder guesses a password, gives itself a role, and is thrown out.\n',
  );
  const audit = createProducer(world);
  const service = createService(audit, await openCompany());
  const client = new Client(await service.listen({ host: '127.0.0.1', port: 0 }), world.sent);
  try {
    const day = await world.watch(liveThroughTheDay(client));
    const events = sum(world.sent);
    world.sentBy.set(SERVICE, events);
    emptyLine();
    expect(
      events > 200,
      `${client.requests} requests over HTTP, ${events} of them recorded before they were answered; each of these lies in ${world.archives.length} regions`,
      `${events} events`,
    );
    return day;
  } finally {
    await service.close();
    await audit.close({ timeoutMs: 5_000 });
  }
}

function createProducer({ stack }: World): AuditProducer {
  const { AUTHSEAL_DEPLOYMENT = '', AUTHSEAL_PRODUCERS = '' } = stack.environment;
  const { pem } = makeProducerKey(SERVICE, stack.directory, AUTHSEAL_PRODUCERS);
  return createAuditProducer({
    service: SERVICE,
    deployment: AUTHSEAL_DEPLOYMENT,
    kafka: { brokers: stack.kafkaBrokers },
    signingKey: pem,
    logger: { warn: (_details, message) => warn(message) },
  });
}
