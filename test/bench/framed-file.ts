/** A file of byte strings, each behind its length in four bytes: what two processes are both given. */
import { readFileSync, writeFileSync } from 'node:fs';

export function writeFramed(file: string, parts: readonly Buffer[]): void {
  const framed = parts.flatMap((part) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    return [length, part];
  });
  writeFileSync(file, Buffer.concat(framed));
}

export function readFramed(file: string): Buffer[] {
  const bytes = readFileSync(file);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    parts.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return parts;
}
