/** What `createAuditProducer` takes, checked once here. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { ProducerError } from './error.ts';
import type { KafkaConnection } from './kafka/connection.ts';
import { DEFAULT_LINGER_MS, DEFAULT_MAX_BUFFERED_BYTES, MAX_FLUSH_BYTES } from './limits.ts';
import type { Logger } from './sender.ts';

export interface AuditProducerOptions {
  /** Names the service in each event and in the producer id: `[a-z0-9.-]{1,249}`. */
  service: string;
  /** Names the deployment that the chain is bound to, as in the batch origins: `[a-z0-9.-]{1,249}`. */
  deployment: string;
  kafka: KafkaConnection;
  /** Default: auth-events. */
  topic?: string;
  /** Ed25519 private key as PEM (PKCS #8): each flush is then signed. Default: linked, not signed. */
  signingKey?: string;
  /** Milliseconds an event waits for others, 0 to 60,000. Default: 5. */
  lingerMs?: number;
  /** Bytes of unconfirmed events, 1,000,000 or more, above which `record` rejects. Default: 32 MiB. */
  maxBufferedBytes?: number;
  /** Where warnings go (a flush sent again, what kafkajs reports). Default: standard error. */
  logger?: Logger;
}

/** The same, with every default filled in and the key read. */
export interface CheckedOptions {
  service: string;
  deployment: string;
  kafka: KafkaConnection & { clientId: string };
  topic: string;
  signingKey: KeyObject | null;
  lingerMs: number;
  maxBufferedBytes: number;
  logger: Logger;
}

const standardError: Logger = {
  warn: (details, message) => console.error('authseal producer:', message, details),
};

const name = (what: string) =>
  z.string(`expected ${what} of a-z, 0-9, '.' and '-'`).regex(/^[a-z0-9.-]{1,249}$/, {
    error: ({ input }) =>
      `expected ${what} of a-z, 0-9, '.' and '-', at most 249 of them, got ${JSON.stringify(input)}`,
  });

const signingKey = z.string('expected a PEM text').transform((pem, context) => {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
    context.addIssue(`expected an Ed25519 key, got ${key.asymmetricKeyType}`);
  } catch {
    // The error of the parser may quote the key.
    context.addIssue('expected an Ed25519 private key as PEM (PKCS #8), got something else');
  }
  return z.NEVER;
});

const optionsSchema = z.strictObject({
  service: name('a service name'),
  deployment: name('a deployment name'),
  kafka: z.strictObject({
    brokers: z
      .array(z.string().regex(/^[^:\s]+:\d{1,5}$/, 'expected host:port'), 'expected an array')
      .min(1, 'expected at least one host:port'),
    clientId: z.string().min(1).optional(),
    ssl: z.custom<KafkaConnection['ssl']>().optional(),
    sasl: z.custom<KafkaConnection['sasl']>().optional(),
  }),
  topic: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,249}$/, 'expected a Kafka topic name')
    .default('auth-events'),
  signingKey: signingKey.optional(),
  lingerMs: z.int().min(0).max(60_000).default(DEFAULT_LINGER_MS),
  maxBufferedBytes: z.int().min(MAX_FLUSH_BYTES).default(DEFAULT_MAX_BUFFERED_BYTES),
  logger: z
    .custom<Logger>(
      (logger) => typeof (logger as Logger | null)?.warn === 'function',
      'expected an object with warn(details, message)',
    )
    .default(standardError),
});

/** Check the options; @throws ProducerError INVALID_OPTIONS naming every fault at once. */
export function checkOptions(options: AuditProducerOptions): CheckedOptions {
  const result = optionsSchema.safeParse(options);
  if (!result.success) {
    const faults = result.error.issues.map(
      ({ path, message }) => `  ${path.join('.') || 'options'}: ${message}`,
    );
    throw new ProducerError(
      'INVALID_OPTIONS',
      `createAuditProducer cannot use these options:\n${faults.join('\n')}`,
    );
  }
  const { kafka, signingKey, ...rest } = result.data;
  return {
    ...rest,
    kafka: { ...kafka, clientId: kafka.clientId ?? rest.service },
    signingKey: signingKey ?? null,
  };
}
