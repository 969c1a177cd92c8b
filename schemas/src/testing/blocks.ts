/**
 * Avro as other encoders write it: arrays and maps in several blocks, each
 * with or without its size in bytes, as `choose` decides.
 */

import type { Schema } from '../schema.ts';
import { Sink } from '../sink.ts';
import { compileWrite } from '../write.ts';

/** @param choose a number from 0 to `below` − 1 */
export type Choose = (below: number) => number;

export function writeInBlocks(schema: Schema, value: unknown, choose: Choose): Buffer {
  const out = new Sink(64);
  write(schema, value, out, choose);
  return Buffer.from(out.written());
}

function write(schema: Schema, value: unknown, out: Sink, choose: Choose): void {
  switch (schema.type) {
    case 'array':
      writeItems(value as unknown[], out, choose, (item, to) =>
        write(schema.items, item, to, choose),
      );
      return;
    case 'map':
      writeItems(Object.entries(value as object), out, choose, ([key, item], to) => {
        to.string(key);
        write(schema.values, item, to, choose);
      });
      return;
    case 'nullable':
      out.long(value === null ? 0 : 1);
      if (value !== null) write(schema.of, value, out, choose);
      return;
    case 'record':
      for (const field of schema.fields)
        write(field.schema, (value as Record<string, unknown>)[field.name], out, choose);
      return;
    default:
      compileWrite(schema)(value, out, []);
  }
}

function writeItems<T>(
  items: T[],
  out: Sink,
  choose: Choose,
  writeItem: (item: T, to: Sink) => void,
): void {
  for (let at = 0; at < items.length; ) {
    const count = 1 + choose(items.length - at);
    const block = new Sink(64);
    for (const item of items.slice(at, at + count)) writeItem(item, block);
    const sized = choose(2) === 1;
    out.long(sized ? -count : count);
    if (sized) out.long(block.pos);
    out.bytes(block.written());
    at += count;
  }
  out.byte(0);
}
