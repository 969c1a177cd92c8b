/**
 * One setting, four spellings. The field `kafkaBrokers` is `KAFKA_BROKERS` inside this package,
 * AUTHSEAL_KAFKA_BROKERS in the environment, --kafka-brokers as a flag and `kafkaBrokers` in the
 * file. A field of a nested object joins both names: `kafkaSasl.username` is KAFKA_SASL_USERNAME.
 * A field of a region carries the region's name: REGION_EU_CENTRAL_1_BUCKET.
 */
import { z } from 'zod';
import { type About, about, settings } from './settings.ts';

export const PREFIX = 'AUTHSEAL_';

export type Path = readonly (string | number)[];

/** One value to be found in the sources: a field of the schema, or of an object in it. */
export interface Leaf {
  name: string;
  path: Path;
  schema: z.ZodType;
}

/** `kafkaBrokers` → `KAFKA_BROKERS`. */
export const upperSnake = (field: string): string =>
  field.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

/** `eu-central-1` → `EU_CENTRAL_1`. */
export const regionName = (region: string): string => region.replaceAll('-', '_').toUpperCase();

export const flagOf = (name: string): string => `--${name.toLowerCase().replaceAll('_', '-')}`;

/** The schema inside optional(), default() and transform(), outermost first, itself included. */
export function layers(schema: z.ZodType): z.ZodType[] {
  const inner =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
      ? schema.def.innerType
      : schema instanceof z.ZodPipe
        ? schema.def.in
        : undefined;
  return inner === undefined ? [schema] : [schema, ...layers(inner as z.ZodType)];
}

export const core = (schema: z.ZodType): z.ZodType => layers(schema).at(-1) as z.ZodType;

/** What is known of a setting; undefined for a field that is not in the catalogue. */
export const aboutOf = (schema: z.ZodType): About | undefined =>
  layers(schema)
    .map((layer) => about.get(layer))
    .find((found) => found !== undefined);

/** The schema of one region, when the field is the list of regions. */
export function regionSchema(schema: z.ZodType): z.ZodObject | undefined {
  const list = core(schema);
  if (!(list instanceof z.ZodArray)) return undefined;
  return list.element instanceof z.ZodObject ? list.element : undefined;
}

/** All values that a schema asks for; the fields of each of the regions named. */
export function leavesOf(shape: z.core.$ZodShape, regions: readonly string[]): Leaf[] {
  return Object.entries(shape).flatMap(([field, type]): Leaf[] => {
    const schema = type as z.ZodType;
    const own: Leaf = { name: upperSnake(field), path: [field], schema };
    const region = regionSchema(schema);
    if (region !== undefined)
      return [own, ...regions.flatMap((name, i) => ofRegion(region, name, i))];
    const inner = core(schema);
    if (!(inner instanceof z.ZodObject)) return [own];
    return Object.entries(inner.shape).map(([key, value]) => ({
      name: `${own.name}_${upperSnake(key)}`,
      path: [field, key],
      schema: value as z.ZodType,
    }));
  });
}

function ofRegion(region: z.ZodObject, name: string, index: number): Leaf[] {
  return Object.entries(region.shape)
    .filter(([key]) => key !== 'name')
    .map(([key, schema]) => ({
      name: `REGION_${regionName(name)}_${upperSnake(key)}`,
      path: ['regions', index, key],
      schema: schema as z.ZodType,
    }));
}

/** The fields of a region as they end a name: `_BUCKET` … */
const REGION_FIELDS = leavesOf({ regions: settings.regions }, ['X'])
  .slice(1)
  .map((leaf) => leaf.name.replace('REGION_X', ''));

/** Whether a name is that of some field of some region. */
export const isRegionName = (name: string): boolean =>
  REGION_FIELDS.some((field) => /^REGION_[A-Z0-9]/.test(name) && name.endsWith(field));

/**
 * Variables with our prefix that are no settings: the file itself, the test data, switches of the
 * test suite, and what Kubernetes puts into each pod for a Service called `authseal-…`.
 */
export const isForeign = (name: string, value: unknown): boolean =>
  name === 'CONFIG' ||
  name === 'DATA' ||
  name.startsWith('TEST_') ||
  /^(.+_)?SERVICE_(HOST|PORT)(_.+)?$/.test(name) ||
  /^(.+_)?PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
  (/^(.+_)?PORT$/.test(name) && /^(tcp|udp|sctp):\/\//.test(String(value)));

/** The nearest of the names, when it is near enough to be what was meant. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  for (const candidate of names) {
    // What is far apart by its length alone may be as long as a file.
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(name, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
