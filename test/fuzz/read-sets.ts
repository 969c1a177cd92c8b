/** Reads the record sets in each file given, and prints how many MiB of memory it took so far. */
import { readFileSync } from 'node:fs';
import { decode } from './kafka-bytes.ts';
import { peak } from './memory.ts';

const [first] = process.argv.slice(2);
if (first !== undefined) decode(readFileSync(first).subarray(0, 100));
const before = peak();
for (const file of process.argv.slice(2)) {
  decode(readFileSync(file));
  console.log((peak() - before).toFixed());
}
