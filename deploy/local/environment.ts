/** The variables that give the addresses of Kafka and of the regions to services, commands and tests. */
import { DeployError } from './error.ts';
import type { Region } from './region.ts';

/** Where Kafka and the regions are. */
export type Addresses = {
  /** `host:port` each. */
  kafkaBrokers: string[];
  regions: Region[];
};

/** The addresses as AUTHSEAL_ variables. */
export function toEnvironment({ kafkaBrokers, regions }: Addresses): Record<string, string> {
  const variables: Record<string, string> = {
    AUTHSEAL_KAFKA_BROKERS: kafkaBrokers.join(','),
    AUTHSEAL_REGIONS: regions.map(({ name }) => name).join(','),
  };
  for (const region of regions) {
    const prefix = variablePrefix(region.name);
    variables[`${prefix}_ENDPOINT`] = region.endpoint;
    variables[`${prefix}_BUCKET`] = region.bucket;
    variables[`${prefix}_PREFIX`] = region.prefix;
    variables[`${prefix}_ACCESS_KEY_ID`] = region.accessKeyId;
    variables[`${prefix}_SECRET_ACCESS_KEY`] = region.secretAccessKey;
  }
  return variables;
}

/** Variables as shell assignments, for `. file`. */
export function toShell(variables: Record<string, string>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join('');
}

/**
 * The addresses that the environment gives, or null when it gives none.
 * @throws DeployError INCOMPLETE_ADDRESSES naming every variable that is missing.
 */
export function fromEnvironment(environment: NodeJS.ProcessEnv): Addresses | null {
  if (!environment.AUTHSEAL_KAFKA_BROKERS && !environment.AUTHSEAL_REGIONS) return null;
  const missing: string[] = [];
  const required = (name: string) => {
    const value = environment[name];
    if (!value) missing.push(name);
    return value ?? '';
  };
  const addresses = {
    kafkaBrokers: splitList(required('AUTHSEAL_KAFKA_BROKERS')),
    regions: splitList(required('AUTHSEAL_REGIONS')).map((name) => {
      const prefix = variablePrefix(name);
      return {
        name,
        endpoint: required(`${prefix}_ENDPOINT`),
        bucket: required(`${prefix}_BUCKET`),
        prefix: environment[`${prefix}_PREFIX`] ?? '',
        accessKeyId: required(`${prefix}_ACCESS_KEY_ID`),
        secretAccessKey: required(`${prefix}_SECRET_ACCESS_KEY`),
      };
    }),
  };
  if (missing.length > 0) {
    throw new DeployError(
      'INCOMPLETE_ADDRESSES',
      `The environment gives some addresses, but not all. Missing: ${missing.join(', ')}. Set these, or unset AUTHSEAL_KAFKA_BROKERS and AUTHSEAL_REGIONS to get servers of your own.`,
    );
  }
  return addresses;
}

/** `eu-west-1` → `AUTHSEAL_REGION_EU_WEST_1`. */
function variablePrefix(region: string): string {
  return `AUTHSEAL_REGION_${region.toUpperCase().replaceAll('-', '_')}`;
}

function splitList(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
