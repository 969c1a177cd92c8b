/** The archiver's settings: see the catalogue in @authseal/runtime. */
import { readFileSync } from 'node:fs';
import { type DeploymentKeys, parseKeys } from '@authseal/ledger';
import {
  kafkaSettings,
  loadConfig,
  type Region,
  serviceSettings,
  settings,
  settingsHelp,
} from '@authseal/runtime';
import { z } from 'zod';
import { ArchiverError } from './error.ts';

const schema = z
  .object({
    ...serviceSettings,
    ...kafkaSettings,
    regions: settings.regions,
    region: settings.region,
    keys: settings.keys,
    archiverGroup: settings.archiverGroup,
    maxRetention: settings.maxRetention,
  })
  .refine(({ regions, region }) => regions.some(({ name }) => name === region), {
    path: ['region'],
    message: 'the name of one of the regions in AUTHSEAL_REGIONS',
  });

export type Config = z.output<typeof schema>;

/** The settings, for --help. */
export const configHelp = (): string => settingsHelp(schema.shape);

/** @throws RuntimeError INVALID_CONFIG */
export function readConfig(flags: readonly string[]): Config {
  return loadConfig(schema, { env: process.env, flags });
}

/** The region that this process writes to. */
export function regionOf({ regions, region }: Pick<Config, 'regions' | 'region'>): Region {
  return regions.find(({ name }) => name === region) as Region;
}

/** One consumer group per region, so that a region that is down holds up only itself. */
export function groupOf({ archiverGroup, region }: Config): string {
  return `${archiverGroup}-${region}`;
}

/** @throws LedgerError KEY_MALFORMED, ArchiverError KEYS_OF_ANOTHER_DEPLOYMENT */
export function readKeys({
  keys: file,
  deployment,
}: Pick<Config, 'keys' | 'deployment'>): DeploymentKeys {
  const keys = parseKeys(readFileSync(file, 'utf8'));
  if (keys.deployment === deployment) return keys;
  throw new ArchiverError(
    'KEYS_OF_ANOTHER_DEPLOYMENT',
    `The keys in ${file} are of deployment "${keys.deployment}", and this is "${deployment}": every batch would be taken for a stranger's. Give the file of this deployment.`,
  );
}
