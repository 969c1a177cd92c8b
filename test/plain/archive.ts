/** A bucket as a plain S3 client shows it, its objects read by avsc: nothing of the code under test. */
import { Readable } from 'node:stream';
import { zstdDecompressSync } from 'node:zlib';
import type { Region } from '@authseal/deploy/local';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import avro from 'avsc';
import pMap from 'p-map';

export type PlainEntry = {
  index: number;
  offset: number;
  timestamp: number;
  key: Buffer | null;
  headers: { key: string; value: Buffer | null }[];
  problem: string | null;
  raw: { schema: Buffer | null; value: Buffer } | null;
  // biome-ignore lint/suspicious/noExplicitAny: whatever an event of any kind holds
  event: any;
  /** The event's Avro body, written again by avsc. */
  body: Buffer | null;
};

export type PlainObject = {
  key: string;
  bytes: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: the header is read as plain JSON
  header: any;
  checkpoint: string;
  entries: PlainEntry[];
};

function plainS3({ name, endpoint, accessKeyId, secretAccessKey }: Region): S3Client {
  return new S3Client({
    region: name,
    endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
}

/** Objects under way at once: hides the store's latency. */
const AT_ONCE = 8;

/** What was read before, by place and ETag: the same MD5, the same bytes. */
const known = new Map<string, PlainObject>();

/** All batches of a region below `topic=…`, in the order of their keys. */
export async function readRegion(region: Region): Promise<PlainObject[]> {
  const client = plainS3(region);
  const { endpoint, bucket: Bucket } = region;
  const listed: { key: string; etag: string }[] = [];
  const Prefix = `${region.prefix}topic=`;
  for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix })) {
    for (const { Key = '', ETag = '' } of page.Contents ?? []) {
      listed.push({ key: Key, etag: ETag });
    }
  }
  const read = async (key: string): Promise<PlainObject> => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    return { key, bytes, ...(await readObject(bytes)) };
  };
  const objects = await pMap(
    listed,
    async ({ key, etag }) => {
      const place = [endpoint, Bucket, key, etag].join(' ');
      const before = known.get(place);
      if (before !== undefined) return before;
      const object = await read(key);
      known.set(place, object);
      return object;
    },
    { concurrency: AT_ONCE },
  );
  client.destroy();
  return objects;
}

/** An object container file, read by avsc. */
export async function readObject(bytes: Buffer): Promise<Omit<PlainObject, 'key' | 'bytes'>> {
  const decoder = new avro.streams.BlockDecoder({
    codecs: { zstandard: (data, done) => done(null as never, zstdDecompressSync(data)) },
  });
  const entries: PlainEntry[] = [];
  let header: unknown;
  let checkpoint = '';
  let writeEvent: ((event: unknown) => Buffer) | undefined;
  decoder.on(
    'metadata',
    (type: avro.Type, _codec: string, file: { meta: Record<string, Buffer> }) => {
      header = JSON.parse(file.meta['authseal.header']?.toString() as string);
      checkpoint = file.meta['authseal.checkpoint']?.toString() as string;
      const event = (type as avro.types.RecordType).field('event')
        .type as avro.types.UnwrappedUnionType;
      const record = event.types[1] as avro.Type;
      writeEvent = (value) => record.toBuffer(value);
    },
  );
  for await (const entry of Readable.from([bytes]).pipe(decoder) as AsyncIterable<PlainEntry>) {
    const body = entry.event === null ? null : (writeEvent?.(entry.event) as Buffer);
    entries.push(Object.assign(entry, { body }));
  }
  return { header, checkpoint, entries };
}

/** Source records of an archive, by partition, in the order in which they stand. */
export function entriesByPartition(objects: readonly PlainObject[]): Map<number, PlainEntry[]> {
  const logs = new Map<number, PlainObject[]>();
  for (const object of objects) {
    const partition = Number(object.header.origin.split('/').at(-1));
    logs.set(partition, [...(logs.get(partition) ?? []), object]);
  }
  const byBatch = (a: PlainObject, b: PlainObject) => a.header.batch - b.header.batch;
  return new Map(
    [...logs].map(([partition, log]) => [
      partition,
      log.sort(byBatch).flatMap(({ entries }) => entries),
    ]),
  );
}

/** The record's value as the producer sent it, given the ten bytes that every event begins with. */
export function recordValue({ raw, body }: PlainEntry, start: Buffer): Buffer | null {
  if (raw !== null) return raw.value;
  return body === null ? null : Buffer.concat([start, body]);
}
