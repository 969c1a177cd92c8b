/**
 * Writes src/generated/ from avro/ and released/.
 *
 * `npm run generate` refuses when avro/ differs from the newest released
 * version; `npm run generate -- --release` then writes the next version.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { generate } from './generate.ts';

const ROOT = new URL('../../', import.meta.url);
const released = readdirSync(new URL('released/', ROOT));
const output = generate(
  (path) => readFileSync(new URL(path, ROOT), 'utf8'),
  released,
  process.argv.includes('--release'),
);
for (const [path, text] of output) writeFileSync(new URL(path, ROOT), text);
console.log([...output.keys()].join('\n'));
