/** What `authseal-ingestor recover --from-archive` is told: it reads regions, and signs nothing. */
import { readFileSync } from 'node:fs';
import { type DeploymentKeys, parseKeys } from '@authseal/ledger';
import {
  kafkaSettings,
  loadConfig,
  serviceSettings,
  settings,
  settingsHelp,
} from '@authseal/runtime';
import { z } from 'zod';
import { IngestorError } from '../error.ts';

const FROM_ARCHIVE = 'the flag: what is recovered from is the archive';

const schema = z.object({
  deployment: serviceSettings.deployment,
  logLevel: serviceSettings.logLevel,
  ...kafkaSettings,
  regions: settings.regions,
  keys: settings.keys,
  ingestorGroup: settings.ingestorGroup,
  // Said, so that nobody runs it for another reason.
  fromArchive: z.boolean(FROM_ARCHIVE).refine((given) => given, FROM_ARCHIVE),
  acceptForkRisk: z.boolean().default(false),
  dryRun: z.boolean().default(false),
});

export type RecoverConfig = z.output<typeof schema>;

/** The settings, for --help. */
export const recoverHelp = (): string => settingsHelp(schema.shape);

/** @throws RuntimeError INVALID_CONFIG */
export function recoverConfig(flags: readonly string[]): RecoverConfig {
  return loadConfig(schema, { env: process.env, flags });
}

/** @throws LedgerError KEY_MALFORMED, IngestorError KEY_UNFIT */
export function publicKeys({ keys: file, deployment }: RecoverConfig): DeploymentKeys {
  const keys = parseKeys(readFileSync(file, 'utf8'));
  if (keys.deployment === deployment) return keys;
  throw new IngestorError(
    'KEY_UNFIT',
    `The keys in ${file} are of deployment "${keys.deployment}", and this is "${deployment}": no batch would be found. Give the file of this deployment.`,
  );
}
