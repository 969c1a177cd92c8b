/** A file of records, each behind its length in four bytes: what ours and the peers append. */
import { readFileSync, writeFileSync } from 'node:fs';
import { eventValue } from '../backlog.ts';

export function writeRecords(file: string, events: number): void {
  const parts = Array.from({ length: events }, (_, i) => {
    const value = eventValue(i);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(value.length);
    return [length, value];
  });
  writeFileSync(file, Buffer.concat(parts.flat()));
}

export function readRecords(file: string): Buffer[] {
  const bytes = readFileSync(file);
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    records.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return records;
}
