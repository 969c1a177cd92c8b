/**
 * Parsing Canonical Form of an Avro schema.
 *
 * Avro specification 1.12, "Transforming into Parsing Canonical Form": two
 * schemas with the same form read the same bytes. The transformations, in the
 * specification's words, are PRIMITIVES, FULLNAMES, STRIP, ORDER, STRINGS,
 * INTEGERS and WHITESPACE; JSON.parse has done STRINGS and INTEGERS already.
 */

/** A schema as JSON.parse returns it. */
export type JsonSchema =
  | string
  | readonly JsonSchema[]
  | { readonly type: JsonSchema; readonly [attribute: string]: unknown };

/** Only these attributes are kept, and in this order. */
const KEPT = ['name', 'type', 'fields', 'symbols', 'items', 'values', 'size'] as const;

const PRIMITIVES = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);

/** The full name that `name` stands for inside `namespace`. */
export function fullName(name: string, namespace: string): string {
  return PRIMITIVES.has(name) || name.includes('.') || namespace === ''
    ? name
    : `${namespace}.${name}`;
}

/** The namespace that a full name puts its fields in. */
export function namespaceOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

/** @returns the form as JSON text without white space. */
export function parsingCanonicalForm(schema: JsonSchema): string {
  return JSON.stringify(canonical(schema, ''));
}

function canonical(schema: JsonSchema, namespace: string): unknown {
  if (typeof schema === 'string') return fullName(schema, namespace);
  if (isUnion(schema)) return schema.map((branch) => canonical(branch, namespace));
  if (typeof schema.type !== 'string') return canonical(schema.type, namespace);
  if (PRIMITIVES.has(schema.type)) return schema.type;

  const name = definedName(schema, namespace);
  const inner = name === undefined ? namespace : namespaceOf(name);
  const kept: Record<string, unknown> = {};
  for (const attribute of KEPT) {
    const value = schema[attribute];
    if (value === undefined) continue;
    if (attribute === 'name') kept.name = name;
    else if (attribute === 'fields') kept.fields = (value as Field[]).map((f) => field(f, inner));
    else if (attribute === 'items' || attribute === 'values')
      kept[attribute] = canonical(value as JsonSchema, namespace);
    else kept[attribute] = value;
  }
  return kept;
}

type Field = { readonly name: string; readonly type: JsonSchema };

function field({ name, type }: Field, namespace: string): unknown {
  return { name, type: canonical(type, namespace) };
}

/** The full name that a record, enum or fixed defines; undefined for the others. */
export function definedName(
  schema: Exclude<JsonSchema, string | readonly JsonSchema[]>,
  namespace: string,
): string | undefined {
  const { name, namespace: own } = schema;
  if (typeof name !== 'string') return undefined;
  return fullName(name, typeof own === 'string' ? own : namespace);
}

/** Array.isArray that also narrows readonly arrays. */
export function isUnion(schema: JsonSchema): schema is readonly JsonSchema[] {
  return Array.isArray(schema);
}
