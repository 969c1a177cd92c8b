/** What services use: one typed method per kind of event, and a receipt once Kafka has it. */
import { type AuthEvent, encodeEvent, SchemaError } from '@authseal/schemas';
import { v7 as uuidv7 } from 'uuid';
import { createChain } from './chain.ts';
import { ProducerError } from './error.ts';
import { completeEvent, type EventInput, type InputOf } from './event-input.ts';
import { kafkaChannels } from './kafka/channel.ts';
import { HEADER_TRACEPARENT } from './limits.ts';
import { type AuditProducerOptions, checkOptions } from './options.ts';
import { createSender } from './sender.ts';
import { sparing } from './sparing-logger.ts';

/** Proof that Kafka has the event on all in-sync replicas, and where. */
export interface Receipt {
  /** The event's id. */
  id: string;
  /** `<service>/<uuid of this run>`, the key of the Kafka record. */
  producer: string;
  /** Its number among this producer's events, from 0. */
  sequence: number;
  /** Where it is in the topic. */
  partition: number;
  offset: number;
}

/**
 * Each recording method resolves with a receipt once Kafka has the event on all in-sync replicas,
 * and never for an event that may be lost. It rejects with a ProducerError before anything is
 * sent: INVALID_EVENT, EVENT_TOO_LARGE, BUFFER_FULL, CLOSED; or, when `close` ran into its timeout,
 * UNCONFIRMED. Events reach Kafka in the order of the calls.
 */
export interface AuditProducer {
  /** `<service>/<uuid of this run>`. */
  readonly id: string;
  loginSucceeded(event: InputOf<'LOGIN_SUCCEEDED'>): Promise<Receipt>;
  loginFailed(event: InputOf<'LOGIN_FAILED'>): Promise<Receipt>;
  roleChanged(event: InputOf<'ROLE_CHANGED'>): Promise<Receipt>;
  accessDenied(event: InputOf<'ACCESS_DENIED'>): Promise<Receipt>;
  policyUpdated(event: InputOf<'POLICY_UPDATED'>): Promise<Receipt>;
  userTerminated(event: InputOf<'USER_TERMINATED'>): Promise<Receipt>;
  /** An event of any kind, OTHER among them. */
  record(event: EventInput): Promise<Receipt>;
  /** Send what waits without lingering; resolves once Kafka has it all. */
  flush(): Promise<void>;
  /**
   * Take no more events, flush and disconnect. Without `timeoutMs` it waits as long as Kafka needs.
   * @throws ProducerError UNCONFIRMED after `timeoutMs` milliseconds, with the number of events
   * that Kafka has not confirmed; the promise of each of them rejects as well
   */
  close(options?: { timeoutMs?: number }): Promise<void>;
}

/**
 * Begin a producer. It connects at the first event and retries for as long as Kafka is away.
 * @throws ProducerError INVALID_OPTIONS, naming every fault
 */
export function createAuditProducer(options: AuditProducerOptions): AuditProducer {
  const { service, deployment, topic, kafka, signingKey, ...rest } = checkOptions(options);
  const producer = `${service}/${uuidv7()}`;
  const logger = sparing(rest.logger, Date.now);
  const sender = createSender({
    ...rest,
    logger,
    producer,
    chain: createChain({ deployment, topic, producer }, signingKey),
    openChannel: kafkaChannels(kafka, topic, producer, logger),
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  });

  async function record(input: EventInput): Promise<Receipt> {
    const event = completeEvent(input, service);
    const { sequence, partition, offset } = await sender.enqueue({
      value: encode(event),
      headers: traceHeaders(event),
    });
    return { id: event.id, producer, sequence, partition, offset };
  }

  return {
    id: producer,
    loginSucceeded: (event) => record({ ...event, kind: 'LOGIN_SUCCEEDED' }),
    loginFailed: (event) => record({ ...event, kind: 'LOGIN_FAILED' }),
    roleChanged: (event) => record({ ...event, kind: 'ROLE_CHANGED' }),
    accessDenied: (event) => record({ ...event, kind: 'ACCESS_DENIED' }),
    policyUpdated: (event) => record({ ...event, kind: 'POLICY_UPDATED' }),
    userTerminated: (event) => record({ ...event, kind: 'USER_TERMINATED' }),
    record,
    flush: () => sender.flush(),
    close: ({ timeoutMs } = {}) => sender.close(timeoutMs),
  };
}

function encode(event: AuthEvent): Buffer {
  try {
    return encodeEvent(event);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    const code = error.code === 'EVENT_TOO_LARGE' ? error.code : 'INVALID_EVENT';
    throw new ProducerError(code, error.message, { cause: error });
  }
}

/**
 * W3C Trace Context, so that tracing follows the event through Kafka. The flag says `sampled`:
 * a service that names a trace in an audit event has recorded it.
 */
function traceHeaders({ trace }: AuthEvent): Record<string, string> {
  if (!trace) return {};
  return { [HEADER_TRACEPARENT]: `00-${trace.traceId}-${trace.spanId}-01` };
}
