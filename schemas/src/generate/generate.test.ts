import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generate } from './generate.ts';

const ROOT = new URL('../../', import.meta.url);
const released = readdirSync(new URL('released/', ROOT));
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

/** Reads avro/auth-event.avsc with one more optional field. */
function readChanged(path: string): string {
  if (path !== 'avro/auth-event.avsc') return read(path);
  const schema = JSON.parse(read(path));
  const region = { name: 'region', type: ['null', 'string'], default: null, doc: 'Where.' };
  return JSON.stringify({ ...schema, fields: [...schema.fields, region] });
}

describe('npm run generate', () => {
  it('has been run since the schemas last changed', () => {
    const output = generate(read, released, false);
    expect([...output.keys()]).toEqual([
      'src/generated/auth-event.ts',
      'src/generated/schema-texts.ts',
      'src/generated/canonical.ts',
    ]);
    for (const [path, text] of output) expect(read(path)).toBe(text);
  });

  it('refuses a schema that differs from the newest released one', () => {
    expect(() => generate(readChanged, released, false)).toThrow(/auth-event.v2.avsc/);
  });

  it('writes the next version of the event, and of the entry that holds it, on --release', () => {
    const output = generate(readChanged, released, true);
    const event = output.get('released/auth-event.v2.avsc') as string;
    const entry = output.get('released/entry.v2.avsc') as string;
    expect(event).toContain('{"name":"region","type":["null","string"],"default":null}');
    expect(entry).toContain(event);
    expect(output.get('src/generated/auth-event.ts')).toContain('region?: string | null;');
    const texts = output.get('src/generated/schema-texts.ts') as string;
    expect(texts.indexOf(read('released/entry.v1.avsc'))).toBeLessThan(texts.indexOf(entry));
  });
});
