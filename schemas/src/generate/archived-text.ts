/**
 * The text of a schema as it is archived and released: JSON without white
 * space, without `doc` and without attributes that Avro does not define, the
 * rest as and in the order in which the .avsc file has it.
 */

import type { JsonSchema } from '../parsing-canonical-form.ts';
import { isUnion } from '../parsing-canonical-form.ts';

const DEFINED_BY_AVRO = new Set([
  'type',
  'name',
  'namespace',
  'aliases',
  'fields',
  'symbols',
  'items',
  'values',
  'size',
  'default',
  'order',
  'logicalType',
]);

/**
 * @param known definitions that `schema` may refer to by name; each is put in
 * at its first use, so that the text stands alone.
 */
export function archivedText(schema: JsonSchema, known: Record<string, JsonSchema> = {}): string {
  return JSON.stringify(strip(schema, { ...known }));
}

function strip(schema: JsonSchema, known: Record<string, JsonSchema>): unknown {
  if (typeof schema === 'string') {
    const definition = known[schema];
    if (definition === undefined) return schema;
    delete known[schema];
    return strip(definition, known);
  }
  if (isUnion(schema)) return schema.map((branch) => strip(branch, known));
  const kept: Record<string, unknown> = {};
  for (const [attribute, value] of Object.entries(schema)) {
    if (!DEFINED_BY_AVRO.has(attribute)) continue;
    if (attribute === 'type' || attribute === 'items' || attribute === 'values')
      kept[attribute] = strip(value as JsonSchema, known);
    else if (attribute === 'fields')
      kept[attribute] = (value as JsonSchema[]).map((field) => strip(field, known));
    else kept[attribute] = value;
  }
  return kept;
}
