/** The settings of a command: the environment and the configuration file, flags before them. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type DeploymentKeys, parseKeys } from '@authseal/ledger';
import { Bucket, kafkaSettings, loadConfig, settings } from '@authseal/runtime';
import { z } from 'zod';
import { VerifierError } from '../error.ts';
import { type ProducerKeys, parseProducerKeys } from '../verify/producer-keys.ts';
import type { SettingOptions } from './options.ts';

const regionsOnly = z.object({ regions: settings.regions });
const whole = z.object({
  regions: settings.regions,
  keys: settings.keys,
  producers: settings.producers,
  grace: settings.grace,
});

const kafka = z.object({ ...kafkaSettings, kafkaBrokers: kafkaSettings.kafkaBrokers.optional() });

/** How to reach Kafka, if that is configured, and the topics. */
export type KafkaSettings = z.output<typeof kafka>;

/** @throws RuntimeError INVALID_CONFIG */
export function kafkaSettingsOf(options: SettingOptions): KafkaSettings {
  return load(kafka, options);
}

/** The buckets of the regions asked for, in the order configured.
 * @throws RuntimeError INVALID_CONFIG; VerifierError USAGE for a region that is not configured */
export function openRegions(options: SettingOptions): Bucket[] {
  return bucketsOf(load(regionsOnly, options).regions, options.region);
}

export type VerifySettings = {
  readonly buckets: readonly Bucket[];
  readonly keys: DeploymentKeys;
  readonly producers: ProducerKeys;
  /** Milliseconds. */
  readonly grace: number;
  /** SHA-256 of the files, hex. */
  readonly files: { readonly keys: string; readonly producers: string | null };
};

/** @throws RuntimeError INVALID_CONFIG; LedgerError KEY_MALFORMED; VerifierError USAGE, PRODUCERS_MALFORMED */
export function loadSettings(options: SettingOptions): VerifySettings {
  const { regions, keys, producers, grace } = load(whole, options);
  const keyFile = readText(keys);
  const producerFile = producers === undefined ? null : readText(producers);
  return {
    buckets: bucketsOf(regions, options.region),
    keys: parseKeys(keyFile.text),
    producers: parseProducerKeys(producerFile?.text ?? ''),
    grace,
    files: { keys: keyFile.sha256, producers: producerFile?.sha256 ?? null },
  };
}

/** A text file and the SHA-256 (hex) of its bytes.
 * @throws VerifierError USAGE when it cannot be read */
export function readText(path: string): { text: string; sha256: string } {
  try {
    const bytes = readFileSync(path);
    return { text: bytes.toString(), sha256: createHash('sha256').update(bytes).digest('hex') };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new VerifierError('USAGE', `The file ${path} cannot be read: ${why}.`, { cause });
  }
}

function load<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>, options: SettingOptions) {
  const { config, keys, producers, grace } = options;
  const given = Object.entries({ config, keys, producers, grace }).filter(
    ([name, value]) => value !== undefined && (name === 'config' || name in schema.shape),
  );
  return loadConfig(schema, {
    env: process.env,
    flags: given.map(([name, value]) => `--${name}=${value}`),
  });
}

type Regions = z.output<typeof regionsOnly>['regions'];

function bucketsOf(regions: Regions, asked: readonly string[] | undefined): Bucket[] {
  const known = regions.map(({ name }) => name);
  const unknown = (asked ?? []).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new VerifierError(
      'USAGE',
      `--region: found ${unknown.join(', ')}; expected one or more of ${known.join(', ')}.`,
    );
  }
  return regions
    .filter(({ name }) => asked === undefined || asked.includes(name))
    .map((region) => new Bucket(region));
}
