/** Scene: a service that records what it decides, and a day of requests to it. */
import { type AuditProducer, createAuditProducer } from '@authseal/producer-sdk';
import { createService } from '../demo-service/service.ts';
import { Client, type Place } from './client.ts';
import { afternoon, evening, morning, noon, openCompany } from './day.ts';
import { expect } from './expect.ts';
import { makeProducerKey } from './producer-key.ts';
import { sum } from './stages.ts';
import { emptyLine, heading, liveBlock, say, warn } from './terminal.ts';
import type { World } from './world.ts';

const SERVICE = 'access';

/** Two moments of the day that somebody will want to undo. */
export type Day = { firstGuess: Place; escalation: Place };

export async function theService(world: World): Promise<Day> {
  heading('2  A service, and a day of requests to it');
  say(
    'A small Fastify service (test/demo-service/service.ts) decides who may do what. It awaits the receipt of each event before it answers: no effect without a record. Each event is sealed into a batch of its log and archived in both regions.\n',
  );
  const audit = createProducer(world);
  const service = createService(audit, await openCompany());
  const client = new Client(await service.listen({ host: '127.0.0.1', port: 0 }), world.sent);
  try {
    const day = await liveThrough(world, client);
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

/** Part by part: the next one begins when all of the last one is archived. */
async function liveThrough(world: World, client: Client): Promise<Day> {
  const block = liveBlock();
  await world.watch('morning: people log in and work', morning(client), block);
  const firstGuess = await world.watch('noon: someone guesses a password', noon(client), block);
  const asHeidi = 'afternoon: the intruder gives itself a role';
  const escalation = await world.watch(asHeidi, afternoon(client), block);
  await world.watch('evening: security throws it out', evening(client), block);
  return { firstGuess, escalation };
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
