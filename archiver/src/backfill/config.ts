/** What `authseal-archiver backfill` is told. It asks nothing of Kafka. */
import {
  kafkaSettings,
  loadConfig,
  type Region,
  serviceSettings,
  settings,
  settingsHelp,
} from '@authseal/runtime';
import { z } from 'zod';

const OTHER = 'the name of one of the regions in AUTHSEAL_REGIONS, not that of AUTHSEAL_REGION';

const schema = z
  .object({
    deployment: serviceSettings.deployment,
    logLevel: serviceSettings.logLevel,
    eventsTopic: kafkaSettings.eventsTopic,
    regions: settings.regions,
    region: settings.region,
    keys: settings.keys,
    maxRetention: settings.maxRetention,
    fromRegion: z.string(OTHER),
    dryRun: z.boolean().default(false),
  })
  .refine(({ regions, region }) => regions.some(({ name }) => name === region), {
    path: ['region'],
    message: 'the name of one of the regions in AUTHSEAL_REGIONS',
  })
  .refine(
    ({ regions, region, fromRegion }) =>
      fromRegion !== region && regions.some(({ name }) => name === fromRegion),
    { path: ['fromRegion'], message: OTHER },
  );

export type BackfillConfig = z.output<typeof schema>;

/** @throws RuntimeError INVALID_CONFIG */
export function backfillConfig(flags: readonly string[]): BackfillConfig {
  return loadConfig(schema, { env: process.env, flags });
}

/** The region that is read. */
export function sourceOf({ regions, fromRegion }: BackfillConfig): Region {
  return regions.find(({ name }) => name === fromRegion) as Region;
}

export const BACKFILL_HELP = `authseal-archiver backfill: copies the batches that AUTHSEAL_REGION lacks from another region,
byte for byte, under lock. What has expired is left out. An archiver may run meanwhile.

  --from-region  the region that has them. Required.
  --dry-run      tells what would be copied, and writes nothing
${settingsHelp(schema.shape)}
`;
