/** Logs: one JSON object a line on standard output. */
import { type DestinationStream, type Logger, pino } from 'pino';
import { secretFields } from './config/describe.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  /** What this process is: `ingestor`, `archiver` … */
  service: string;
  deployment: string;
  /** pino's level names; `silent` for none. */
  level: string;
}

/** As deep as in `{ config: { regions: [{ … }] } }`. */
const DEPTHS = ['', '*.', '*.*.', '*.*.*.'];

// pino writes to standard output synchronously, so that the last line before an exit is not lost.
export function createLogger(
  { service, deployment, level }: LoggerOptions,
  destination: DestinationStream = pino.destination({ dest: 1, sync: true }),
): Logger {
  return pino(
    {
      level,
      base: { service, deployment },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      redact: secretFields().flatMap((field) => DEPTHS.map((depth) => depth + field)),
    },
    destination,
  );
}

interface ErrorDescription {
  type: string;
  code?: string | number;
  message: string;
  stack?: string | undefined;
  cause?: ErrorDescription;
}

/**
 * Only what says what happened. The errors of the S3 and Kafka clients carry whole requests, and
 * with them what nobody should read in a log.
 */
function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { code, cause } = error as Error & { code?: unknown };
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: error.message,
    stack: error.stack,
    // A chain of causes may be a circle.
    ...(cause !== undefined && depth < 5 ? { cause: describeError(cause, depth + 1) } : {}),
  };
}
