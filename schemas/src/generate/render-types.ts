/**
 * TypeScript types from avro/auth-event.avsc: an interface for each record, a
 * union of strings for each enum, and AuthEvent as a union discriminated by
 * `kind`. Which detail record belongs to which kinds is said in the .avsc by
 * the attribute `kinds` of its field.
 */

import type { JsonSchema } from '../parsing-canonical-form.ts';
import { isUnion } from '../parsing-canonical-form.ts';

type Definition = Exclude<JsonSchema, string | readonly JsonSchema[]>;
type Field = Definition & { name: string; doc: string; kinds?: string[]; default?: unknown };

const PRIMITIVE_TYPES: Record<string, string> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  bytes: 'Buffer',
  string: 'string',
};

const NOTICE = '// Generated from avro/auth-event.avsc by `npm run generate`. Do not edit.\n';

/** @returns the source of src/generated/auth-event.ts, formatted as Biome formats it. */
export function renderTypes(event: Definition): string {
  const fields = event.fields as Field[];
  const kinds = fields.find((field) => field.name === 'kind')?.type as Definition;
  const details = fields.filter((field) => field.kinds !== undefined);
  const other = kinds.default as string;

  const blocks = [NOTICE, ...definitionsIn(event).map(renderDefinition)];
  const plain = fields.filter((field) => field.name !== 'kind' && field.kinds === undefined);
  blocks.push(renderInterface('AuthEventFields', 'What every event has.', plain));
  const interfaces = (kinds.symbols as string[]).map((kind) => {
    const name = kind === other ? 'OtherEvent' : pascalCase(kind);
    const lines = details.map((field) => {
      if (kind === other) return renderField(field);
      const required = field.kinds?.includes(kind);
      return required
        ? `  ${field.name}: ${typeOf(withoutNull(field.type))};\n`
        : `  ${field.name}?: null;\n`;
    });
    blocks.push(
      `/** An event of kind ${kind}. */\nexport interface ${name} extends AuthEventFields {\n  kind: '${kind}';\n${lines.join('')}}\n`,
    );
    return name;
  });
  blocks.push(
    `/** ${event.doc} */\nexport type AuthEvent =\n${interfaces.map((name) => `  | ${name}`).join('\n')};\n`,
  );
  blocks.push(renderDetails(kinds.symbols as string[], details));
  return blocks.join('\n');
}

/** The named definitions inside `schema`, inner ones first, without `schema` itself. */
function definitionsIn(schema: JsonSchema): Definition[] {
  if (typeof schema === 'string') return [];
  if (isUnion(schema)) return schema.flatMap(defined);
  return [schema.type, schema.items, schema.values, ...((schema.fields ?? []) as Field[])]
    .filter((inner) => inner !== undefined)
    .flatMap((inner) => defined(inner as JsonSchema));
}

function defined(schema: JsonSchema): Definition[] {
  const inner = definitionsIn(schema);
  if (typeof schema === 'string' || isUnion(schema)) return inner;
  return schema.type === 'record' || schema.type === 'enum' ? [...inner, schema] : inner;
}

function renderDefinition(schema: Definition): string {
  const name = schema.name as string;
  const doc = schema.doc as string;
  if (schema.type === 'record') return renderInterface(name, doc, schema.fields as Field[]);
  const symbols = (schema.symbols as string[]).map((symbol) => `'${symbol}'`);
  return `/** ${doc} */\n${renderUnion(name, symbols)}\n`;
}

function renderInterface(name: string, doc: string, fields: Field[]): string {
  return `/** ${doc} */\nexport interface ${name} {\n${fields.map(renderField).join('')}}\n`;
}

function renderField(field: Field): string {
  const optional = field.default === undefined ? '' : '?';
  return `  /** ${field.doc} */\n  ${field.name}${optional}: ${typeOf(field.type)};\n`;
}

function typeOf(schema: JsonSchema): string {
  if (typeof schema === 'string') return PRIMITIVE_TYPES[schema] ?? schema;
  if (isUnion(schema)) return `${typeOf(withoutNull(schema))} | null`;
  if (schema.type === 'array') return `${typeOf(schema.items as JsonSchema)}[]`;
  if (schema.type === 'map') return `Record<string, ${typeOf(schema.values as JsonSchema)}>`;
  if (schema.type === 'record' || schema.type === 'enum') return schema.name as string;
  return typeOf(schema.type);
}

function withoutNull(schema: JsonSchema): JsonSchema {
  return isUnion(schema) ? (schema.find((branch) => branch !== 'null') as JsonSchema) : schema;
}

function renderDetails(kinds: string[], details: Field[]): string {
  const lines = kinds.map((kind) => {
    const detail = details.find((field) => field.kinds?.includes(kind))?.name;
    return `  ${kind}: ${detail === undefined ? 'null' : `'${detail}'`},\n`;
  });
  const names = details.map((field) => `'${field.name}'`);
  return [
    `/** A field that holds a detail record. */\n${renderUnion('DetailField', names)}\n`,
    `/** The detail record that each kind requires; null: none. */\nexport const DETAIL_OF_KIND: Record<EventKind, DetailField | null> = {\n${lines.join('')}};\n`,
  ].join('\n');
}

/** On one line when it fits. */
function renderUnion(name: string, members: string[]): string {
  const oneLine = `export type ${name} = ${members.join(' | ')};`;
  if (oneLine.length <= 100) return oneLine;
  return `export type ${name} =\n${members.map((member) => `  | ${member}`).join('\n')};`;
}

/** LOGIN_SUCCEEDED → LoginSucceeded */
function pascalCase(symbol: string): string {
  return symbol
    .toLowerCase()
    .replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
