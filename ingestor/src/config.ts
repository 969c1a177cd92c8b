/** The ingestor's settings: see the catalogue in @authseal/runtime. */
import { readFileSync } from 'node:fs';
import { type DeploymentKeys, type NoteSigner, parseKeys, signerFromPem } from '@authseal/ledger';
import {
  kafkaSettings,
  loadConfig,
  serviceSettings,
  settings,
  settingsHelp,
} from '@authseal/runtime';
import { z } from 'zod';
import { IngestorError } from './error.ts';

const schema = z
  .object({
    ...serviceSettings,
    ...kafkaSettings,
    keys: settings.keys,
    signingKey: settings.signingKey,
    previousSigningKey: settings.previousSigningKey,
    ingestorGroup: settings.ingestorGroup,
    linger: settings.linger,
    heartbeat: settings.heartbeat,
    retention: settings.retention,
  })
  .refine((config) => config.eventsTopic !== config.batchesTopic, {
    path: ['batchesTopic'],
    message: 'another topic than that of the events',
  })
  .refine((config) => config.linger <= config.heartbeat, {
    path: ['linger'],
    message: 'a time no longer than the heartbeat',
  });

export type Config = z.output<typeof schema>;

/** The settings, for --help. */
export const configHelp = (): string => settingsHelp(schema.shape);

const initSchema = schema.safeExtend({
  partitions: z
    .int('a whole number from 1 to 10000')
    .min(1, 'a whole number from 1 to 10000')
    .max(10_000, 'a whole number from 1 to 10000')
    .optional(),
});

/** @throws RuntimeError INVALID_CONFIG */
export function serveConfig(flags: readonly string[]): Config {
  return loadConfig(schema, { env: process.env, flags });
}

/** Also reads `--partitions`. @throws RuntimeError INVALID_CONFIG */
export function initConfig(flags: readonly string[]): Config & { partitions?: number | undefined } {
  return loadConfig(initSchema, { env: process.env, flags });
}

/** Who signs, and who may have signed so far. */
export type SigningKeys = {
  readonly signer: NoteSigner;
  /** The key before: a log that it sealed changes to `signer` with its next batch. */
  readonly previous: NoteSigner | null;
  readonly keys: DeploymentKeys;
};

/**
 * The signing keys and the public keys, which must belong together.
 * @throws LedgerError KEY_MALFORMED, IngestorError KEY_UNFIT
 */
export function readKeys(config: Config): SigningKeys {
  const keys = parseKeys(readFileSync(config.keys, 'utf8'));
  if (keys.deployment !== config.deployment) {
    throw new IngestorError(
      'KEY_UNFIT',
      `The keys in ${config.keys} are of deployment "${keys.deployment}", and this is "${config.deployment}". Give the file of this deployment.`,
    );
  }
  const signer = signerFromPem(readFileSync(config.signingKey, 'utf8'));
  const line = lineOf(signer, config.signingKey, keys, config);
  if (config.previousSigningKey === undefined) return { signer, previous: null, keys };
  const previous = signerFromPem(readFileSync(config.previousSigningKey, 'utf8'));
  const before = lineOf(previous, config.previousSigningKey, keys, config);
  if (before !== line && before !== line - 1) {
    throw new IngestorError(
      'KEY_UNFIT',
      `In ${config.keys} the public key of ${config.signingKey} is line ${line + 1} and that of ${config.previousSigningKey} line ${before + 1}: a log changes only to the next line.`,
    );
  }
  return { signer, previous, keys };
}

function lineOf(signer: NoteSigner, file: string, keys: DeploymentKeys, config: Config): number {
  const line = keys.keys.findIndex((key) => key.publicKey.equals(signer.publicKey));
  if (line >= 0) return line;
  throw new IngestorError(
    'KEY_UNFIT',
    `The public key of ${file} is not in ${config.keys}: nobody could verify what it signs. Add the line that \`authseal keys public\` prints.`,
  );
}
