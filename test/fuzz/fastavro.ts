/** What fastavro (PyPI), a reader that is not ours, finds in files: one Python process for all of them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { varint } from './varint.ts';

/** Whether it is there; tests that need it are skipped by its name where it is not. */
export const FASTAVRO = spawnSync('python3', ['-c', 'import fastavro']).status === 0;

/** Prints each record as a line of JSON: bytes in hex, times in microseconds. */
const PROGRAM = `
import datetime, json, sys, fastavro
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
def plain(value):
    if isinstance(value, bytes): return value.hex()
    return (value - EPOCH) // datetime.timedelta(microseconds=1)
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        for record in fastavro.reader(file):
            print(json.dumps(record, default=plain))
`;

/** The records of all files, in order; bytes in hex, times in microseconds. */
export function readByFastavro(...files: string[]): unknown[] {
  const output = execFileSync('python3', ['-c', PROGRAM, ...files], { maxBuffer: 2 ** 29 });
  const lines = output.toString().split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

/** A value of ours in the same form. */
export function plain(value: unknown): unknown {
  const hex = (_: string, member: { type?: unknown; data?: unknown } | null) =>
    member?.type === 'Buffer' ? Buffer.from(member.data as number[]).toString('hex') : member;
  return JSON.parse(JSON.stringify(value, hex));
}

/** An Avro object container file (codec null) of one block with these bodies, as they are. */
export function containerOf(schema: string, bodies: readonly Buffer[]): Buffer {
  const sync = Buffer.alloc(16, 0xa5);
  const member = (bytes: string) => [varint(Buffer.byteLength(bytes)), Buffer.from(bytes)];
  const metadata = [...member('avro.schema'), ...member(schema)];
  const block = Buffer.concat(bodies);
  const head = [Buffer.from('Obj\x01'), varint(1), ...metadata, varint(0), sync];
  return Buffer.concat([...head, varint(bodies.length), varint(block.length), block, sync]);
}
