/** Arbitrary values of a schema, and arbitrary valid events, for property tests. */

import fc from 'fast-check';
import type { AuthEvent, EventKind } from '../generated/auth-event.ts';
import { DETAIL_OF_KIND } from '../generated/auth-event.ts';
import { AUTH_EVENT_SCHEMA_TEXTS } from '../generated/schema-texts.ts';
import type { Schema } from '../schema.ts';
import { parseSchema } from '../schema.ts';

const EVENT = parseSchema(AUTH_EVENT_SCHEMA_TEXTS.at(-1) as string);

const string = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 60, maxLength: 200 }) },
);
const key = fc.oneof(string, fc.constantFrom('__proto__', 'constructor', 'toString', '1', '0'));
const bytes = fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array));

/** @returns values as a reader gives them: every field present, maps without a prototype. */
export function arbitraryValue(schema: Schema): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case 'boolean':
      return fc.boolean();
    case 'int':
      return fc.integer();
    case 'long':
      return fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: -70, max: 70 }));
    case 'bytes':
      return bytes;
    case 'string':
      return string;
    case 'fixed':
      return fc
        .uint8Array({ minLength: schema.size, maxLength: schema.size })
        .map((array) => Buffer.from(array));
    case 'enum':
      return fc.constantFrom(...schema.symbols);
    case 'nullable':
      return fc.option(arbitraryValue(schema.of));
    case 'array':
      return fc.array(arbitraryValue(schema.items), { maxLength: 5 });
    case 'map':
      return fc
        .uniqueArray(fc.tuple(key, arbitraryValue(schema.values)), {
          selector: ([name]) => name,
          maxLength: 40,
        })
        .map(mapOf);
    case 'record':
      return fc.record(
        Object.fromEntries(
          schema.fields.map((field) => [field.name, arbitraryValue(field.schema)]),
        ),
        { noNullPrototype: true },
      );
  }
}

function mapOf(entries: [string, unknown][]): Record<string, unknown> {
  const map = Object.create(null);
  for (const [name, value] of entries) map[name] = value;
  return map;
}

const details = (EVENT.type === 'record' ? EVENT.fields : []).flatMap(({ name, schema }) =>
  schema.type === 'nullable' && Object.values(DETAIL_OF_KIND).some((detail) => detail === name)
    ? [[name, arbitraryValue(schema.of)] as const]
    : [],
);

/** Every kind, with the details that it requires and no others. */
export const arbitraryEvent: fc.Arbitrary<AuthEvent> = fc
  .tuple(
    arbitraryValue(EVENT) as fc.Arbitrary<AuthEvent>,
    fc.uuid({ version: 7 }),
    fc.record(Object.fromEntries(details)),
  )
  .map(([event, id, all]) => {
    const own = DETAIL_OF_KIND[event.kind as EventKind];
    const fitting = details.map(([name]) => [name, name === own ? all[name] : null]);
    return { ...event, id, ...Object.fromEntries(fitting) } as AuthEvent;
  });
