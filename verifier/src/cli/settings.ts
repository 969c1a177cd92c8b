/** The settings of a command: the environment and the configuration file, flags before them. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type DeploymentKeys, LedgerError, parseKeys } from '@authseal/ledger';
import { Bucket, kafkaSettings, loadConfig, settings } from '@authseal/runtime';
import { z } from 'zod';
import { VerifierError } from '../error.ts';
import { type ProducerKeys, parseProducerKeys } from '../verify/producer-keys.ts';
import type { SettingOptions } from './options.ts';

const regionsOnly = z.object({ regions: settings.regions });
const regionsAndKeys = z.object({ regions: settings.regions, keys: settings.keys });
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

/** The same, and the deployment that the file of keys names.
 * @throws RuntimeError INVALID_CONFIG; VerifierError USAGE */
export function openDeployment(options: SettingOptions): { deployment: string; buckets: Bucket[] } {
  const { regions, keys } = load(regionsAndKeys, options);
  const { deployment } = readParsed(keys, parseKeys).value;
  return { deployment, buckets: bucketsOf(regions, options.region) };
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

/** @throws RuntimeError INVALID_CONFIG; VerifierError USAGE */
export function loadSettings(options: SettingOptions): VerifySettings {
  const { regions, keys, producers, grace } = load(whole, options);
  const keyFile = readParsed(keys, parseKeys);
  const { deployment } = keyFile.value;
  const producerFile =
    producers === undefined
      ? null
      : readParsed(producers, (text) => parseProducerKeys(text, deployment));
  return {
    buckets: bucketsOf(regions, options.region),
    keys: keyFile.value,
    producers: producerFile?.value ?? new Map(),
    grace,
    files: { keys: keyFile.sha256, producers: producerFile?.sha256 ?? null },
  };
}

/** What a text file holds, and the SHA-256 (hex) of its bytes.
 * @throws VerifierError USAGE when it cannot be read, or `parse` refuses it; the file is named */
export function readParsed<T>(path: string, parse: (text: string) => T): Parsed<T> {
  const bytes = readBytes(path);
  try {
    // Passes over the byte order mark that some editors put first.
    const value = parse(new TextDecoder().decode(bytes));
    return { value, sha256: createHash('sha256').update(bytes).digest('hex') };
  } catch (cause) {
    if (!(cause instanceof LedgerError || cause instanceof VerifierError)) throw cause;
    throw new VerifierError('USAGE', `${path}: ${cause.message}`, { cause });
  }
}

type Parsed<T> = { readonly value: T; readonly sha256: string };

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
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
