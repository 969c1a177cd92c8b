/** The parts of a stack as `npm run stack` records them, and how each is now. */
import type { Addresses } from './environment.ts';
import { inTime } from './in-time.ts';
import { kafkaAnswers } from './kafka.ts';
import { identify, type ProcessIdentity, runs } from './process-identity.ts';
import { bucketAnswers } from './region.ts';
import type { Server } from './server.ts';
import { serviceReady } from './services.ts';
import type { Stack } from './stack.ts';

/** A part that takes longer to answer is not ready. */
const ANSWER_TIMEOUT_MS = 5_000;

/** One line of the table. */
export type Part = {
  name: string;
  endpoint: string;
  /** Null when it is no process of this machine: a container, or a server that was there before. */
  process: ProcessIdentity | null;
  logFile: string | null;
};

/** Kafka, the regions, then the services. */
export function partsOf(stack: Stack): Part[] {
  const given = (name: string, endpoint: string): Part => ({
    name,
    endpoint,
    process: null,
    logFile: null,
  });
  const servers =
    stack.servers.length > 0
      ? stack.servers.map(part)
      : [
          given('kafka', stack.kafkaBrokers.join(',')),
          ...stack.regions.map(({ name, endpoint }) => given(`s3-${name}`, endpoint)),
        ];
  return [...servers, ...[stack.ingestor, ...stack.archivers].map(part)];
}

function part({ name, endpoint, pid, logFile }: Server): Part {
  return { name, endpoint, process: identify(pid), logFile };
}

/** `ready`, or why a part is not. */
export async function stateOf(part: Part, addresses: Addresses): Promise<string> {
  if (part.process !== null && !runs(part.process)) return 'gone';
  try {
    await inTime(answers(part, addresses), ANSWER_TIMEOUT_MS);
    return 'ready';
  } catch (error) {
    return `not ready: ${error instanceof Error ? error.message : error}`;
  }
}

function answers({ name, endpoint }: Part, { kafkaBrokers, regions }: Addresses): Promise<void> {
  if (name === 'kafka') return kafkaAnswers(kafkaBrokers);
  const region = regions.find((each) => name === `s3-${each.name}`);
  return region === undefined ? serviceReady(endpoint) : bucketAnswers(region);
}
