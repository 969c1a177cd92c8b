/**
 * The three sources, each read into the same shape: internal name → what stood there, and how the
 * person who wrote it called it. See names.ts for the spellings.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import {
  core,
  flagOf,
  isForeign,
  isRegionName,
  type Leaf,
  leavesOf,
  nearest,
  PREFIX,
  regionName,
  regionSchema,
  upperSnake,
} from './names.ts';
import { settings } from './settings.ts';

export interface Found {
  /** The name as it was written: variable, flag or path in the file. */
  as: string;
  value: unknown;
}
export type Source = Map<string, Found>;

/** What is wrong with one name. */
export interface Problem {
  as: string;
  found: string;
  expected: string;
}

const didYouMean = (name: string, names: Iterable<string>, spell: (name: string) => string) => {
  const meant = nearest(name, names);
  return meant === undefined ? 'a known setting' : `a known setting: did you mean ${spell(meant)}?`;
};

/** Variables that begin with AUTHSEAL_; an empty one counts as not given. */
export function fromEnvironment(env: NodeJS.ProcessEnv): Source {
  const source: Source = new Map();
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || value === undefined || value === '') continue;
    source.set(variable.slice(PREFIX.length), { as: variable, value });
  }
  return source;
}

/** Variables that nobody at Authseal knows; their values, perhaps secrets, unsaid. */
export function unknownVariables(source: Source, known: readonly string[]): Problem[] {
  const unknown = [...source].filter(
    ([name, { value }]) => !known.includes(name) && !isRegionName(name) && !isForeign(name, value),
  );
  return unknown.map(([name, { as }]) => ({
    as,
    found: 'a variable that is not known',
    expected: didYouMean(name, known, (meant) => PREFIX + meant),
  }));
}

/** Variables and flags of regions that no list of regions names. */
export function unlistedRegions(source: Source, regions: readonly string[]): Problem[] {
  const listed = leavesOf({ regions: settings.regions }, regions).map((leaf) => leaf.name);
  const unlisted = [...source].filter(([name]) => isRegionName(name) && !listed.includes(name));
  return unlisted.map(([, { as }]) => ({
    as,
    found: 'a region that is not listed',
    expected: `one of those in AUTHSEAL_REGIONS (${regions.join(', ') || 'empty'})`,
  }));
}

/**
 * `--name value`, `--name=value`, `--name` alone for a boolean; `--` ends the flags. What stands
 * outside flags is given to the fields named in `positionals`, in order.
 */
export function fromFlags(
  tokens: readonly string[],
  leaves: readonly Leaf[],
  positionals: readonly string[],
  problems: Problem[],
): Source {
  const source: Source = new Map();
  const byFlag = new Map(leaves.map((leaf) => [flagOf(leaf.name), leaf]));
  const places = positionals.map((field) => upperSnake(field));
  const rest = [...tokens];
  let flagsEnded = false;

  for (let token = rest.shift(); token !== undefined; token = rest.shift()) {
    if (token === '--' && !flagsEnded) {
      flagsEnded = true;
      continue;
    }
    if (flagsEnded || !token.startsWith('-') || token === '-') {
      const place = places.shift();
      if (place !== undefined)
        source.set(place, { as: `<${flagOf(place).slice(2)}>`, value: token });
      else problems.push({ as: token, found: 'an argument too many', expected: 'flags only' });
      continue;
    }
    const [as, inline] = splitOnce(token);
    const leaf = byFlag.get(as);
    const regionFlag = byFlag.has('--regions') && isRegionName(nameOf(as));
    if (leaf === undefined && as !== '--config' && !regionFlag) {
      const expected = didYouMean(as, byFlag.keys(), (meant) => meant);
      problems.push({ as, found: 'a flag that is not known', expected });
      // Its value, if one follows, is not an argument too many.
      if (inline === undefined && rest[0]?.startsWith('-') === false) rest.shift();
      continue;
    }
    const name = nameOf(as);
    const isBoolean = leaf !== undefined && core(leaf.schema) instanceof z.ZodBoolean;
    const value =
      inline ?? (isBoolean ? 'true' : rest[0]?.startsWith('--') ? undefined : rest.shift());
    if (value === undefined) problems.push({ as, found: 'nothing after it', expected: 'a value' });
    else if (source.has(name)) problems.push({ as, found: 'the flag twice', expected: 'it once' });
    source.set(name, { as, value });
  }
  return source;
}

/** `--kafka-brokers` → `KAFKA_BROKERS` */
const nameOf = (flag: string): string => flag.slice(2).replaceAll('-', '_').toUpperCase();

function splitOnce(token: string): [string, string | undefined] {
  const equals = token.indexOf('=');
  return equals < 0 ? [token, undefined] : [token.slice(0, equals), token.slice(equals + 1)];
}

/** A YAML file; its keys are the fields of the schemas. A key left empty counts as not given. */
export function fromFile(named: Found, problems: Problem[]): Source {
  const source: Source = new Map();
  const path = String(named.value);
  const file = basename(path);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const found = `"${path}" (${(error as NodeJS.ErrnoException).code})`;
    problems.push({ as: named.as, found, expected: 'a YAML file that can be read' });
    return source;
  }
  const tree = fromYaml(text, file, problems);
  if (tree === undefined) return source;
  const walker = new FileWalker(file, source, problems);
  walker.mapping(tree ?? {}, '', settings, (field) => upperSnake(field));
  return source;
}

/** The values of a YAML text; undefined when it has a problem. */
function fromYaml(text: string, file: string, problems: Problem[]): unknown {
  // Neither pretty errors nor warnings, which quote the text and so perhaps a secret.
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' });
  for (const error of document.errors) {
    const line = text.slice(0, error.pos[0]).split('\n').length;
    problems.push({ as: `${file}, line ${line}`, found: error.code, expected: 'YAML' });
  }
  if (document.errors.length > 0) return undefined;
  try {
    return document.toJS();
  } catch {
    const found = 'an alias of what is not there, or aliases of too much';
    problems.push({ as: file, found, expected: 'YAML' });
    return undefined;
  }
}

/** Turns the tree of the file into names, and says which of its keys nobody knows. */
class FileWalker {
  readonly #file: string;
  readonly #source: Source;
  readonly #problems: Problem[];

  constructor(file: string, source: Source, problems: Problem[]) {
    this.#file = file;
    this.#source = source;
    this.#problems = problems;
  }

  mapping(value: unknown, at: string, shape: z.ZodRawShape, nameOf: (field: string) => string) {
    if (!isMapping(value)) return this.#problem(at, 'something else', 'keys with values');
    for (const [field, inner] of Object.entries(value)) {
      const path = at === '' ? field : `${at}.${field}`;
      const schema = Object.hasOwn(shape, field) ? (shape[field] as z.ZodType) : undefined;
      if (schema === undefined) {
        const expected = didYouMean(field, Object.keys(shape), (meant) => meant);
        this.#problem(path, 'a key that is not known', expected);
      } else if (inner !== null) this.#value(inner, path, schema, nameOf(field));
    }
  }

  #value(value: unknown, at: string, schema: z.ZodType, name: string) {
    const inner = core(schema);
    const region = regionSchema(schema);
    if (region !== undefined) this.#regions(value, at, region.shape, name);
    else if (inner instanceof z.ZodObject) {
      this.mapping(value, at, inner.shape, (field) => `${name}_${upperSnake(field)}`);
    } else this.#source.set(name, { as: this.#as(at), value });
  }

  #regions(value: unknown, at: string, shape: z.ZodRawShape, listName: string) {
    if (!Array.isArray(value)) return this.#problem(at, 'something else', 'a list of regions');
    const names: string[] = [];
    for (const [i, entry] of value.entries()) {
      const name = isMapping(entry) ? entry.name : undefined;
      if (typeof name !== 'string') {
        this.#problem(`${at}[${i}].name`, 'no text', 'the name of the region');
        continue;
      }
      names.push(name);
      const { name: _, ...fields } = entry;
      const prefix = `REGION_${regionName(name)}_`;
      this.mapping(fields, `${at}[${i}]`, shape, (field) => prefix + upperSnake(field));
    }
    this.#source.set(listName, { as: this.#as(at), value: names });
  }

  #as(at: string): string {
    return at === '' ? this.#file : `${at} in ${this.#file}`;
  }

  #problem(at: string, found: string, expected: string) {
    this.#problems.push({ as: this.#as(at), found, expected });
  }
}

/** YAML 1.1 has dates and sets besides, which would seem to be empty. */
const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
