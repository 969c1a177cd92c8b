/** What lies in the regions, read as an auditor would: by S3 alone. */
import { type Batch, logPrefix, parseObjectKey, readBatch } from '@authseal/ledger';
import { Bucket, type Lock, type Region } from '@authseal/runtime';
import { type AuthEvent, readEventBody } from '@authseal/schemas';
import type { Place } from './client.ts';
import { DemoFailure } from './expect.ts';

/** Where events go, and the name of it in keys. */
const TOPIC = 'auth-events';

/** No batch is larger (ledger/README.md, section 9). */
const MAX_OBJECT_BYTES = 8 * 1024 * 1024;

/** The version that an archiver wrote, in one region. */
export type Archived = { key: string; versionId: string; bytes: Buffer; batch: Batch; lock: Lock };

/** The archive of one region. */
export class Archive {
  readonly region: Region;
  readonly #bucket: Bucket;

  constructor(region: Region) {
    this.region = region;
    this.#bucket = new Bucket(region);
  }

  close(): void {
    this.#bucket.close();
  }

  /** Number of objects by log. */
  async count(): Promise<Map<number, number>> {
    const counts = new Map<number, number>();
    const { prefix } = this.region;
    for await (const { key } of this.#bucket.listVersions(`${prefix}topic=${TOPIC}/`)) {
      const log = parseObjectKey(prefix, key)?.partition;
      if (log !== undefined) counts.set(log, (counts.get(log) ?? 0) + 1);
    }
    return counts;
  }

  /** The batch that holds an event. */
  async find({ partition, offset }: Place): Promise<Archived> {
    const { prefix } = this.region;
    for await (const listed of this.#bucket.listVersions(logPrefix(prefix, TOPIC, partition))) {
      const { key, versionId } = listed;
      const { bytes, lock } = await this.read(key, versionId);
      const batch = readBatch(bytes);
      const { from, to } = batch.header.offsets;
      if (from <= offset && offset < to) return { key, versionId, bytes, batch, lock };
    }
    const { name } = this.region;
    throw new DemoFailure(`Expected: offset ${offset} of log ${partition} in ${name}\nSeen: none`);
  }

  async read(key: string, versionId: string): Promise<{ bytes: Buffer; lock: Lock }> {
    const head = await this.#bucket.headVersion(key, versionId);
    const version = await this.#bucket.getVersion(key, versionId, MAX_OBJECT_BYTES);
    if (head === null || version === null) {
      throw new DemoFailure(`Expected: ${key}?versionId=${versionId}\nSeen: it is gone`);
    }
    return { bytes: version.bytes, lock: { mode: head.mode, retainUntil: head.retainUntil } };
  }
}

/** The event at an offset of a batch. */
export function eventAt(batch: Batch, offset: number): AuthEvent | null {
  for (const entry of batch.entries()) {
    if (entry.offset === offset && entry.event !== null) return readEventBody(entry.event);
  }
  return null;
}
