/**
 * Configuration: flags before environment before file before default, by one schema per service.
 * All that is wrong is said at once, each by the name under which it was written.
 */
import { z } from 'zod';
import { RuntimeError } from '../error.ts';
import {
  aboutOf,
  core,
  flagOf,
  type Leaf,
  leavesOf,
  type Path,
  PREFIX,
  regionName,
  regionSchema,
} from './names.ts';
import { settings } from './settings.ts';
import {
  type Found,
  fromEnvironment,
  fromFile,
  fromFlags,
  type Problem,
  type Source,
  unknownVariables,
  unlistedRegions,
} from './sources.ts';

export interface ConfigSources {
  /** `process.env` */
  env: NodeJS.ProcessEnv;
  /** `process.argv` after the command's own name: flags, and positional arguments if any. */
  flags: readonly string[];
  /** Fields of the schema that are given as arguments without a flag, in order. */
  positionals?: readonly string[];
}

/**
 * Reads the configuration of one service or command.
 *
 * A field of the catalogue (settings.ts) is read from all sources. Any other field belongs to this
 * command alone and is a flag or positional argument only. The file is named by `--config` or
 * AUTHSEAL_CONFIG and, like the environment, may hold the settings of other services.
 *
 * @throws RuntimeError INVALID_CONFIG, listing everything that is missing, malformed or unknown.
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  { env, flags, positionals = [] }: ConfigSources,
): z.output<z.ZodObject<Shape>> {
  const problems: Problem[] = [];
  const environment = fromEnvironment(env);
  const flag = fromFlags(flags, leavesOf(schema.shape, []), positionals, problems);
  const config = flag.get('CONFIG') ?? environment.get('CONFIG');
  const file: Source = config ? fromFile(config, problems) : new Map();

  const lookup = (leaf: Leaf): Found | undefined =>
    flag.get(leaf.name) ??
    (aboutOf(leaf.schema) && (environment.get(leaf.name) ?? file.get(leaf.name)));
  const regions = regionNames(lookup({ name: 'REGIONS', path: [], schema: settings.regions }));

  const known = leavesOf(settings, regions).map((leaf) => leaf.name);
  problems.push(...unknownVariables(environment, known));
  if ('regions' in schema.shape) {
    const listed = [flag, environment, file].flatMap((source) =>
      regionNames(source.get('REGIONS')),
    );
    problems.push(...unlistedRegions(new Map([...environment, ...flag]), [...new Set(listed)]));
    problems.push(...regionsAlike(regions));
  }

  const leaves = leavesOf(schema.shape, regions);
  const input = assemble(leaves, regions, lookup);
  const result = schema.safeParse(input);
  if (result.success && problems.length === 0) return result.data;
  for (const issue of result.error?.issues ?? []) {
    problems.push(describe(issue, input, leaves, lookup));
  }
  throw new RuntimeError('INVALID_CONFIG', report(problems));
}

const toList = (value: unknown): unknown =>
  typeof value !== 'string'
    ? value
    : value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== '');

function regionNames(found: Found | undefined): string[] {
  const list = toList(found?.value);
  return Array.isArray(list) ? list.map(String) : [];
}

function regionsAlike(regions: readonly string[]): Problem[] {
  const byName = Map.groupBy(regions, regionName);
  const alike = [...byName.values()].filter((names) => names.length > 1);
  return alike.map((names) => ({
    as: `${PREFIX}REGIONS`,
    found: names.map((name) => `"${name}"`).join(' and '),
    expected: `names that differ by more than case, "-" and "_": both mean ${PREFIX}REGION_${regionName(names[0] as string)}_…`,
  }));
}

/** The object that the schema is asked about: what was found, put in its place, texts read. */
function assemble(
  leaves: readonly Leaf[],
  regions: readonly string[],
  lookup: (leaf: Leaf) => Found | undefined,
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const leaf of leaves) {
    const found = lookup(leaf);
    if (found === undefined) continue;
    const isRegions = regionSchema(leaf.schema) !== undefined;
    const value = isRegions ? regions.map((name) => ({ name })) : coerce(found.value, leaf.schema);
    let place = input;
    for (const step of leaf.path.slice(0, -1)) {
      place[step] ??= {};
      place = place[step] as Record<string, unknown>;
    }
    place[leaf.path.at(-1) as string] = value;
  }
  return input;
}

/** Environment and flags hold texts only; whatever cannot be read as asked stays for the schema to refuse. */
function coerce(value: unknown, schema: z.ZodType): unknown {
  if (typeof value !== 'string') return value;
  const type = core(schema);
  if (type instanceof z.ZodNumber && /^-?\d{1,15}$/.test(value.trim())) return Number(value);
  if (type instanceof z.ZodArray) return toList(value);
  const isBoolean = [type, ...(type instanceof z.ZodUnion ? type.options : [])].some(
    (option) => option instanceof z.ZodBoolean,
  );
  if (isBoolean && /^(true|false)$/.test(value)) return value === 'true';
  return value;
}

function describe(
  issue: z.core.$ZodIssue,
  input: unknown,
  leaves: readonly Leaf[],
  lookup: (leaf: Leaf) => Found | undefined,
): Problem {
  const path = issue.path as Path;
  const leaf = leaves
    .filter((candidate) => candidate.path.every((step, i) => step === path[i]))
    .sort((a, b) => b.path.length - a.path.length)[0];
  const value = path.reduce<unknown>((at, step) => (at as Record<string, unknown>)?.[step], input);
  if (leaf === undefined) {
    return { as: path.join('.') || 'configuration', found: show(value), expected: issue.message };
  }
  const about = aboutOf(leaf.schema);
  const ownMessage = issue.code === 'custom' && issue.message !== 'Invalid input';
  return {
    as: lookup(leaf)?.as ?? unwritten(leaf),
    found: about?.secret && value !== undefined ? 'a secret, not shown' : show(value),
    expected: ownMessage ? issue.message : (about?.expected ?? issue.message),
  };
}

/** How to call what was not given. */
const unwritten = (leaf: Leaf): string =>
  aboutOf(leaf.schema) ? `${PREFIX}${leaf.name} (or ${flagOf(leaf.name)})` : flagOf(leaf.name);

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null) return 'keys with values';
  // What stands before an @ in an address may be a password.
  const text = JSON.stringify(value).replace(/[^\s"]+/g, (word) =>
    word.includes('@') ? `…${word.slice(word.lastIndexOf('@'))}` : word,
  );
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function report(problems: readonly Problem[]): string {
  const lines = problems.map(
    ({ as, found, expected }) =>
      `  ${printable(as)}: found ${printable(found)}; expected ${printable(expected)}`,
  );
  const count = problems.length === 1 ? '1 error' : `${problems.length} errors`;
  return [`The configuration has ${count}:`, ...lines].join('\n');
}

/** How many characters of a name or value are told. */
const MAX_TOLD = 300;

/** A key may be as long as its file, and hold line ends and what speaks to a terminal. */
function printable(text: string): string {
  const told = text.length > MAX_TOLD ? `${text.slice(0, MAX_TOLD - 1)}…` : text;
  return told.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}
