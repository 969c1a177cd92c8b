/**
 * The S3 key of a batch:
 *
 *     <prefix>topic=<topic>/partition=<5 digits>/date=<yyyy-mm-dd of sealedAt, UTC>/<batch, 12 digits>.avro
 *
 * so that query engines see topic, partition and date as columns. The key only helps to find a
 * batch; what it is, its header says.
 */
import type { Header } from './header.ts';

/** What an object's key says of its batch; `date` is yyyy-mm-dd. */
export type KeyParts = {
  readonly topic: string;
  readonly partition: number;
  readonly date: string;
  readonly batch: number;
};

/** The key of the batch with this header below `prefix` (empty, or ending in `/`). */
export function objectKey(prefix: string, header: Header): string {
  const [, topic, partition] = header.origin.split('/') as [string, string, string];
  const date = new Date(header.sealedAt).toISOString().slice(0, 10);
  return `${logPrefix(prefix, topic, Number(partition))}date=${date}/${String(header.batch).padStart(12, '0')}.avro`;
}

/** What all keys of one log begin with. */
export function logPrefix(prefix: string, topic: string, partition: number): string {
  return `${prefix}topic=${topic}/partition=${String(partition).padStart(5, '0')}/`;
}

const KEY =
  /^topic=([a-zA-Z0-9._-]+)\/partition=(\d{5})\/date=(\d{4}-\d{2}-\d{2})\/(\d{12})\.avro$/;

/** The parts of a key, or null when it is no key of a batch below `prefix`. */
export function parseObjectKey(prefix: string, key: string): KeyParts | null {
  if (!key.startsWith(prefix)) return null;
  const [, topic, partition, date, batch] = KEY.exec(key.slice(prefix.length)) ?? [];
  if (topic === undefined || date === undefined) return null;
  return { topic, partition: Number(partition), date, batch: Number(batch) };
}
