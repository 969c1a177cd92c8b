/**
 * Any Avro reader reads an archive: fastavro (PyPI) finds in the fixture's objects the very records
 * that we find. Skipped, by name, where Python or fastavro is missing; for codec zstandard fastavro
 * needs backports.zstd beside it (or Python 3.14).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Batch, type Codec, readBatch } from '@authseal/ledger';
import { describe, expect, it } from 'vitest';

const FOLDER = join(import.meta.dirname, '../fixtures/v1');
const OBJECTS = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.avro'))
  .map((file) => join(FOLDER, file));

/** Prints [metadata, records] of each file as JSON: bytes in hex, times in microseconds. */
const PROGRAM = `
import datetime, json, sys, fastavro
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
def plain(value):
    if isinstance(value, bytes): return value.hex()
    return (value - EPOCH) // datetime.timedelta(microseconds=1)
out = []
for path in sys.argv[1:]:
    with open(path, "rb") as file:
        reader = fastavro.reader(file)
        out.append([reader.metadata, list(reader)])
json.dump(out, sys.stdout, default=plain)
`;

const imports = (module: string): boolean =>
  spawnSync('python3', ['-c', `import ${module}`]).status === 0;
const FASTAVRO = imports('fastavro');
const ZSTANDARD = FASTAVRO && (imports('backports.zstd') || imports('compression.zstd'));

/** What fastavro prints for a batch, from what we read. */
function expected(batch: Batch): unknown[] {
  const records = Array.from({ length: batch.header.count }, (_, i) => {
    const entry = batch.schema.read(batch.bytesOf(i));
    return { ...entry, timestamp: entry.timestamp * 1000 };
  });
  return JSON.parse(
    JSON.stringify(records, (_, value) =>
      value?.type === 'Buffer' ? Buffer.from(value.data).toString('hex') : value,
    ),
  );
}

function compare(codec: Codec): void {
  const files = OBJECTS.filter((file) => readBatch(readFileSync(file)).codec === codec);
  expect(files.length).toBeGreaterThan(3);
  const found = JSON.parse(execFileSync('python3', ['-c', PROGRAM, ...files]).toString());
  for (const [i, file] of files.entries()) {
    const batch = readBatch(readFileSync(file));
    const [metadata, records] = found[i];
    expect(metadata['authseal.header']).toBe(batch.headerBytes.toString());
    expect(metadata['authseal.checkpoint']).toBe(batch.note.toString());
    expect(records, file).toEqual(expected(batch));
  }
}

describe('where fastavro is present, it', () => {
  it.skipIf(!FASTAVRO)('reads the records of every object with codec null', () => {
    compare('null');
  });

  it.skipIf(!ZSTANDARD)('reads the records of every object with codec zstandard', () => {
    compare('zstandard');
  });
});
