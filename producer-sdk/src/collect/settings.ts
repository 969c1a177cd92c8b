/** How the collectors are configured: the environment that all of Authseal shares. */
import { readFileSync } from 'node:fs';
import { ProducerError } from '../error.ts';
import type { KafkaConnection } from '../kafka/connection.ts';
import type { AuditProducerOptions } from '../options.ts';
import { unknownVariables } from './variables.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables, as `--help` and README.md list them. */
export const ENVIRONMENT_HELP = `
Environment:
  AUTHSEAL_DEPLOYMENT           name of the deployment (required)
  AUTHSEAL_KAFKA_BROKERS        host:port, several joined by commas (required)
  AUTHSEAL_PRODUCER_KEY         PEM file of an Ed25519 private key: flushes are signed
  AUTHSEAL_EVENTS_TOPIC         topic (default: auth-events)
  AUTHSEAL_KAFKA_SSL            true, or the PEM file of the authority that signs the brokers
  AUTHSEAL_KAFKA_SASL_MECHANISM plain, scram-sha-256 or scram-sha-512
  AUTHSEAL_KAFKA_SASL_USERNAME
  AUTHSEAL_KAFKA_SASL_PASSWORD`;

/**
 * The producer's options from the environment.
 * @throws ProducerError USAGE naming every variable that is missing, unknown or cannot be used
 */
export function producerOptions(service: string, environment: Environment): AuditProducerOptions {
  const faults = unknownVariables(environment);
  const required = (name: string): string => {
    const value = environment[name];
    if (!value) faults.push(`${name}: is not set`);
    return value ?? '';
  };
  const file = (name: string, path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      faults.push(`${name}: ${(error as Error).message}`);
      return '';
    }
  };
  const { AUTHSEAL_PRODUCER_KEY: key, AUTHSEAL_EVENTS_TOPIC: topic } = environment;
  const options: AuditProducerOptions = {
    service,
    deployment: required('AUTHSEAL_DEPLOYMENT'),
    kafka: {
      brokers: required('AUTHSEAL_KAFKA_BROKERS').split(','),
      ssl: sslOf(environment.AUTHSEAL_KAFKA_SSL, file),
      sasl: saslOf(environment.AUTHSEAL_KAFKA_SASL_MECHANISM, required),
    },
    ...(topic && { topic }),
    ...(key && { signingKey: file('AUTHSEAL_PRODUCER_KEY', key) }),
  };
  if (faults.length > 0) {
    throw new ProducerError('USAGE', `the environment cannot be used:\n  ${faults.join('\n  ')}`);
  }
  return options;
}

function sslOf(
  setting: string | undefined,
  file: (name: string, path: string) => string,
): KafkaConnection['ssl'] {
  if (!setting || setting === 'false') return undefined;
  return setting === 'true' ? true : { ca: file('AUTHSEAL_KAFKA_SSL', setting) };
}

function saslOf(
  mechanism: string | undefined,
  required: (name: string) => string,
): KafkaConnection['sasl'] {
  if (!mechanism) return undefined;
  const username = required('AUTHSEAL_KAFKA_SASL_USERNAME');
  const password = required('AUTHSEAL_KAFKA_SASL_PASSWORD');
  // Which mechanisms there are, kafkajs knows and says.
  return { mechanism: mechanism as 'plain', username, password };
}
