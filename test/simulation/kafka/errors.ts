/** Errors as kafkajs gives them to its own parts. */
import { createRequire } from 'node:module';

type ProtocolError = Error & { type: string; code: number };

const require = createRequire(import.meta.url);
const { errorCodes, createErrorFromCode } = require('kafkajs/src/protocol/error') as {
  errorCodes: { type: string; code: number }[];
  createErrorFromCode(code: number): ProtocolError;
};
const { KafkaJSConnectionClosedError, KafkaJSRequestTimeoutError } =
  require('kafkajs/src/errors') as Record<string, new (message: string, fields?: object) => Error>;

/** By the protocol's name, such as INVALID_PRODUCER_EPOCH. */
export function protocolError(type: string): ProtocolError {
  const found = errorCodes.find((entry) => entry.type === type);
  if (found === undefined) throw new Error(`kafkajs knows no error ${type}`);
  return createErrorFromCode(found.code);
}

export const connectionClosed = (): Error =>
  new (KafkaJSConnectionClosedError as NonNullable<typeof KafkaJSConnectionClosedError>)(
    'Closed connection',
    { host: 'broker', port: 9092 },
  );

export const requestTimeout = (): Error =>
  new (KafkaJSRequestTimeoutError as NonNullable<typeof KafkaJSRequestTimeoutError>)(
    'Request timed out',
    {},
  );
