/**
 * Canonical Avro from objects, checking every value on the way. A record takes
 * only the fields that its schema has; an absent field stands for its default.
 */

import { SchemaError } from './error.ts';
import type { Field, Schema } from './schema.ts';
import type { Sink } from './sink.ts';

/** Field names and indexes from the top to the value in hand. */
type Path = (string | number)[];

/** @throws SchemaError INVALID_EVENT, naming the path and what was expected there */
export type Write = (value: unknown, out: Sink, path: Path) => void;

/** @returns the writer for values of `schema`. */
export function compileWrite(schema: Schema): Write {
  switch (schema.type) {
    case 'boolean':
      return (value, out, path) => {
        if (typeof value !== 'boolean') throw invalid(path, 'true or false', value);
        out.byte(value ? 1 : 0);
      };
    case 'int':
      return (value, out, path) => {
        if (!Number.isInteger(value) || value !== ((value as number) | 0))
          throw invalid(path, 'an integer of 32 bits', value);
        out.long(value as number);
      };
    case 'long':
      return (value, out, path) => {
        if (!Number.isSafeInteger(value)) throw invalid(path, 'an integer below 2^53', value);
        out.long(value as number);
      };
    case 'bytes':
      return (value, out, path) => {
        if (!(value instanceof Uint8Array)) throw invalid(path, 'a Buffer', value);
        out.long(value.length);
        out.bytes(value);
      };
    case 'string':
      return writeString;
    case 'fixed':
      return (value, out, path) => {
        if (!(value instanceof Uint8Array) || value.length !== schema.size)
          throw invalid(path, `a Buffer of ${schema.size} bytes`, value);
        out.bytes(value);
      };
    case 'enum': {
      const indexes = new Map<unknown, number>(schema.symbols.map((symbol, i) => [symbol, i]));
      return (value, out, path) => {
        const index = indexes.get(value);
        if (index === undefined) throw invalid(path, `one of ${schema.symbols.join(', ')}`, value);
        out.long(index);
      };
    }
    case 'nullable': {
      const of = compileWrite(schema.of);
      return (value, out, path) => {
        out.long(value === null ? 0 : 1);
        if (value !== null) of(value, out, path);
      };
    }
    case 'array':
      return writeArray(compileWrite(schema.items));
    case 'map':
      return writeMap(compileWrite(schema.values));
    case 'record':
      return writeRecord(schema.fields);
  }
}

function writeString(value: unknown, out: Sink, path: Path): void {
  if (typeof value !== 'string') throw invalid(path, 'a string', value);
  // A lone surrogate has no UTF-8; Node would write U+FFFD in its place.
  if (!value.isWellFormed()) throw invalid(path, 'a string of well-formed Unicode', value);
  out.string(value);
}

function writeArray(item: Write): Write {
  return (value, out, path) => {
    if (!Array.isArray(value)) throw invalid(path, 'an array', value);
    if (value.length > 0) out.long(value.length);
    for (let i = 0; i < value.length; i++) {
      path.push(i);
      item(value[i], out, path);
      path.pop();
    }
    out.byte(0);
  };
}

function writeMap(entry: Write): Write {
  return (value, out, path) => {
    if (!isObject(value)) throw invalid(path, 'an object of strings', value);
    const keys = Object.keys(value);
    if (keys.length > 0) out.long(keys.length);
    for (const key of keys) {
      path.push(key);
      writeString(key, out, path);
      entry(value[key], out, path);
      path.pop();
    }
    out.byte(0);
  };
}

function writeRecord(fields: readonly Field[]): Write {
  const names = new Set(fields.map((field) => field.name));
  const writers = fields.map((field) => ({ ...field, write: compileWrite(field.schema) }));
  return (value, out, path) => {
    if (!isObject(value)) throw invalid(path, 'an object', value);
    for (const name of Object.keys(value)) {
      if (!names.has(name) && value[name] !== undefined)
        throw invalid([...path, name], 'no field of this name', value[name]);
    }
    for (const field of writers) {
      path.push(field.name);
      const given = value[field.name];
      field.write(given === undefined ? field.default : given, out, path);
      path.pop();
    }
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The error for a value that is not what the schema wants; shows no text, which may be personal. */
export function invalid(path: Path, expected: string, found: unknown): SchemaError {
  const place = path.length === 0 ? 'at its top' : `at ${path.join('.')}`;
  return new SchemaError(
    'INVALID_EVENT',
    `The event is invalid ${place}: expected ${expected}, found ${describe(found)}. Correct the field and send the event again.`,
  );
}

function describe(value: unknown): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return `${value}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'string') return `a string of ${value.length} characters`;
  return value === undefined ? 'nothing' : `a value of type ${typeof value}`;
}
