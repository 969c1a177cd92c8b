/**
 * The check of canonical.ts, written out for the current schemas: the same calls in the same order,
 * in half the time, because the JavaScript engine sees which they are.
 */

import type { JsonSchema } from '../parsing-canonical-form.ts';
import { isUnion } from '../parsing-canonical-form.ts';

type Definition = Exclude<JsonSchema, string | readonly JsonSchema[]>;
type Field = { name: string; type: JsonSchema };

/** The functions that codec.ts uses. */
const EXPORTED = ['AuthEvent', 'Entry'];
const PRIMITIVES = ['boolean', 'int', 'long', 'bytes', 'string'];

/**
 * @param entry authseal.Entry as archived, which stands alone
 * @returns the source of src/generated/canonical.ts, formatted as Biome formats it
 */
export function renderCanonical(entry: Definition): string {
  const renderer = new Renderer();
  renderer.expression(entry, '');
  const imports = [...renderer.imports].sort().map((name) => `  ${name},\n`);
  return [
    '// Generated from released/ by `npm run generate`: canonical.ts for the current schemas. Do not edit.\n',
    `import {\n${imports.join('')}} from '../canonical-values.ts';\nimport { KeySet } from '../key-set.ts';\n`,
    ...renderer.keySets,
    ...renderer.functions,
  ].join('\n');
}

class Renderer {
  /** Names from canonical-values.ts. */
  readonly imports = new Set<string>();
  readonly keySets: string[] = [];
  /** One for each record, inner ones first. */
  readonly functions: string[] = [];
  /** Expressions of the named types met so far. */
  readonly #named = new Map<string, string>();

  /** Of the end of a value at `at`; `field` names where it stands. A union has none. */
  expression(schema: JsonSchema, field: string): string {
    if (typeof schema === 'string') {
      if (!PRIMITIVES.includes(schema)) return this.#named.get(schema) as string;
      return this.#call(`endOf${schema[0]?.toUpperCase()}${schema.slice(1)}`);
    }
    const { type, name, items, values, symbols, size, fields } = schema as Definition & {
      name: string;
      items: JsonSchema;
      values: JsonSchema;
      symbols: string[];
      fields: Field[];
    };
    if (type === 'array') return this.#call('endOfArray', this.#function(items, field));
    if (type === 'map') {
      this.keySets.push(`const ${field}Keys = new KeySet();\n`);
      return this.#call('endOfMap', `${field}Keys`, this.#function(values, field));
    }
    if (type === 'enum') return this.#name(name, this.#call('endOfEnum', `${symbols.length}`));
    if (type === 'fixed') return this.#name(name, this.#call('endOfFixed', `${size}`));
    if (type !== 'record') return this.expression(type, field);
    this.#record(name, fields);
    return this.#name(name, `endOf${name}(buf, at)`);
  }

  #name(name: string, expression: string): string {
    this.#named.set(name, expression);
    return expression;
  }

  #call(name: string, ...more: string[]): string {
    this.imports.add(name);
    return `${name}(${['buf', 'at', ...more].join(', ')})`;
  }

  /** `endOfString(buf, at)` → `endOfString` */
  #function(schema: JsonSchema, field: string): string {
    const expression = this.expression(schema, field);
    return /^(\w+)\(buf, at\)$/.exec(expression)?.[1] ?? `(buf, at) => ${expression}`;
  }

  #record(name: string, fields: Field[]): void {
    const body = fields.map(({ name, type }) => `  // ${name}\n${this.#field(type, name)}`);
    const scope = EXPORTED.includes(name) ? 'export ' : '';
    this.functions.push(
      `/** authseal.${name} */\n${scope}function endOf${name}(buf: Uint8Array, from: number): number {\n  let at = from;\n${body.join('')}  return at;\n}\n`,
    );
  }

  #field(schema: JsonSchema, field: string): string {
    if (!isUnion(schema)) return step(this.expression(schema, field), '  ');
    this.imports.add('isNull').add('isPresent');
    const value = step(this.expression(schema[1] as JsonSchema, field), '    ');
    return `  if (isNull(buf, at)) {\n    at++;\n  } else {\n    if (!isPresent(buf, at++)) return -1;\n${value}  }\n`;
  }
}

const step = (expression: string, indent: string): string =>
  `${indent}at = ${expression};\n${indent}if (at < 0) return -1;\n`;
