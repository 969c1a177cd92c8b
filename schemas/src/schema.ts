/**
 * A schema as the compilers of this package see it: names resolved, and only
 * what Authseal's schemas use. No recursion, so that the depth of any value is
 * that of the schema; no float or double, whose bytes have several readings;
 * no union but ["null", X]; no aliases, so that a name means one thing for ever.
 */

import { SchemaError } from './error.ts';
import type { JsonSchema } from './parsing-canonical-form.ts';
import { definedName, fullName, isUnion, namespaceOf } from './parsing-canonical-form.ts';

export type Schema =
  | { readonly type: 'boolean' | 'int' | 'long' | 'bytes' | 'string' }
  | { readonly type: 'fixed'; readonly size: number }
  | { readonly type: 'enum'; readonly symbols: readonly string[]; readonly default?: string }
  | { readonly type: 'array'; readonly items: Schema }
  | { readonly type: 'map'; readonly values: Schema }
  | { readonly type: 'nullable'; readonly of: Schema }
  | { readonly type: 'record'; readonly fields: readonly Field[] };

export interface Field {
  readonly name: string;
  readonly schema: Schema;
  /** What an absent field stands for; undefined: the field is required. */
  readonly default?: unknown;
}

/**
 * @param text a schema as JSON
 * @throws SchemaError UNSUPPORTED_SCHEMA
 */
export function parseSchema(text: string): Schema {
  return resolve(JSON.parse(text), '', new Map());
}

/** @param names the definitions that are complete; one that is not cannot be referred to. */
function resolve(schema: JsonSchema, namespace: string, names: Map<string, Schema>): Schema {
  if (typeof schema === 'string') return reference(schema, namespace, names);
  if (isUnion(schema)) {
    const [first, second] = schema;
    if (first !== 'null' || second === undefined || schema.length > 2)
      throw unsupported('a union other than ["null", X]', schema);
    return { type: 'nullable', of: resolve(second, namespace, names) };
  }
  const { type } = schema;
  if (typeof type !== 'string') return resolve(type, namespace, names);
  if (type === 'array')
    return { type, items: resolve(schema.items as JsonSchema, namespace, names) };
  if (type === 'map')
    return { type, values: resolve(schema.values as JsonSchema, namespace, names) };

  const name = definedName(schema, namespace);
  if (name === undefined || (type !== 'record' && type !== 'enum' && type !== 'fixed'))
    return reference(type, namespace, names);
  const defined = definition(schema, type, namespaceOf(name), names);
  names.set(name, defined);
  return defined;
}

function reference(name: string, namespace: string, names: Map<string, Schema>): Schema {
  switch (name) {
    case 'boolean':
    case 'int':
    case 'long':
    case 'bytes':
    case 'string':
      return { type: name };
  }
  const defined = names.get(fullName(name, namespace));
  if (defined === undefined) throw unsupported('a type that is not defined, or is recursive', name);
  return defined;
}

interface FieldJson {
  name: string;
  type: JsonSchema;
  default?: unknown;
  aliases?: string[];
}

function definition(
  schema: { readonly [attribute: string]: unknown },
  type: 'record' | 'enum' | 'fixed',
  namespace: string,
  names: Map<string, Schema>,
): Schema {
  if (schema.aliases !== undefined) throw unsupported('aliases', schema.aliases as JsonSchema);
  if (type === 'enum') {
    const { symbols, default: other } = schema as { symbols: string[]; default?: string };
    return other === undefined ? { type, symbols } : { type, symbols, default: other };
  }
  if (type === 'fixed') return { type, size: schema.size as number };
  const fields = schema.fields as FieldJson[];
  if (fields.some((field) => field.aliases)) throw unsupported('aliases', schema as JsonSchema);
  return {
    type,
    fields: fields.map((field) => ({
      name: field.name,
      schema: resolve(field.type, namespace, names),
      default: field.default,
    })),
  };
}

function unsupported(what: string, found: JsonSchema): SchemaError {
  return new SchemaError(
    'UNSUPPORTED_SCHEMA',
    `A schema of Authseal must not use ${what}: ${JSON.stringify(found)}. See schemas/README.md.`,
  );
}
