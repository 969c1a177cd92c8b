/** A small archive sealed in process, as a list of objects that an attack changes before it is stored. */
import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import {
  BatchBuilder,
  firstLink,
  flushText,
  formatVkey,
  type HashText,
  type Header,
  LINK_HEADER,
  type LogHead,
  newLog,
  nextLink,
  noteVerifier,
  objectKey,
  originOf,
  SEQUENCE_HEADER,
  type SealKeys,
  SIGNATURE_HEADER,
  type SourceRecord,
  sha256Text,
  signerFromPem,
} from '@authseal/ledger';
import { encodeEvent } from '@authseal/schemas';

export const DEPLOYMENT = 'tampered';
const TOPIC = 'auth-events';
const PARTITIONS = 2;
export const HOUR = 3_600_000;

/** The deployment's keys, in force one after the other; a stranger's; that of the service `bank`. */
export const [first, second, stranger] = [newSigner(), newSigner(), newSigner()];
const bankPem = newPem();
export const keyFile = vkeysOf(DEPLOYMENT, first, second);
export const strangersKeyFile = vkeysOf(DEPLOYMENT, stranger);
export const producerFile = vkeysOf('bank', signerFromPem(bankPem));

type Signer = typeof first;
export type Unsealed = Pick<SourceRecord, 'key' | 'headers' | 'value'>;
/** An object to be stored. */
export type CopiedObject = { name: string; bytes: Buffer; header: Header; lockUntil?: number };
/** A log as it was sealed; `heads[i]`: where it stood after batch i. */
export type SealedLog = { objects: CopiedObject[]; heads: LogHead[] };

export type CopyOptions = {
  deployment?: string;
  codec?: 'zstandard' | 'null';
  partitions?: number;
  /** How long ago batch 0 of each log was sealed, milliseconds. */
  age?: number;
  /** Milliseconds. Default: a day. */
  retentionOf?: (batch: number) => number;
  /** Between batches, milliseconds. */
  step?: number;
  /** Who signs a batch of log 0. Default: the first key, always. */
  keysOf?: (batch: number) => SealKeys;
  /** null closes the log. Default: an hour, in seconds. */
  heartbeatOf?: (batch: number) => number | null;
  /** Whose events log 0 holds. */
  service?: 'shop' | 'bank';
  /** Alters the records of log 0 before they are sealed. */
  alter?: (records: Unsealed[]) => Unsealed[];
  /** Offsets of log 0 that Kafka dropped before they were sealed. */
  lose?: number;
};

/** Logs of four batches each, the first one empty as `init` seals it, without one that lies in the future. */
export async function sealCopy(options: CopyOptions = {}): Promise<CopiedObject[]> {
  const { partitions = PARTITIONS } = options;
  const logs = Array.from({ length: partitions }, (_, partition) => sealLog(partition, options));
  return (await Promise.all(logs)).flatMap(({ objects }) => objects);
}

export async function sealLog(partition: number, options: CopyOptions = {}): Promise<SealedLog> {
  const { deployment = DEPLOYMENT, alter = (records) => records, lose = 0 } = options;
  const { age = HOUR, step = 1000, keysOf = () => ({ signer: first }) } = options;
  const isFirst = partition === 0;
  const service = isFirst ? (options.service ?? 'shop') : 'shop';
  const made = producerRecords(deployment, service, 8);
  const records = isFirst ? alter(made) : made;
  const heads: LogHead[] = [];
  const objects: CopiedObject[] = [];
  for (let batch = 0; batch < 4; batch += 1) {
    const head = heads.at(-1) ?? newLog(originOf(deployment, TOPIC, partition));
    const share = batch === 0 ? [] : records.splice(0, Math.ceil(records.length / (4 - batch)));
    const now = Date.now() - age + batch * step;
    const keys = isFirst ? keysOf(batch) : { signer: first };
    const lost = isFirst && batch === 2 ? lose : 0;
    const { object, next } = await sealNext(head, share, { now, keys, lost, batch, ...options });
    heads.push(next);
    objects.push(object);
  }
  return { objects, heads };
}

type NextOptions = CopyOptions & { now: number; keys: SealKeys; lost?: number; batch?: number };

/** The batch that continues a log. */
export async function sealNext(
  head: LogHead,
  records: readonly Unsealed[],
  { now, keys, lost = 0, batch = head.batch, ...options }: NextOptions,
): Promise<{ object: CopiedObject; next: LogHead }> {
  const { codec = 'null', partitions = PARTITIONS } = options;
  const builder = new BatchBuilder(head);
  if (lost > 0) builder.lose(builder.offset + lost);
  for (const record of records) {
    builder.append({ ...record, offset: builder.offset, timestamp: now });
  }
  const heartbeat = options.heartbeatOf ? options.heartbeatOf(batch) : 3600;
  const retention = options.retentionOf?.(batch) ?? 24 * HOUR;
  const sealed = await builder.seal({ now, retention, heartbeat, partitions, codec }, keys);
  const { header, object: bytes } = sealed;
  return { object: { name: objectKey('', header), bytes, header }, next: sealed.head };
}

/** Events of one producer, two a flush; those of `bank` are signed. `named`: the service in the events. */
export function producerRecords(
  deployment: string,
  service: 'shop' | 'bank',
  count: number,
  named: string = service,
): Unsealed[] {
  const producer = `${service}/${randomUUID()}`;
  let link = firstLink(deployment, TOPIC, producer);
  let flush: HashText[] = [];
  return Array.from({ length: count }, (_, sequence) => {
    const value = encodeEvent(eventOf(named, sequence));
    flush.push(sha256Text(value));
    const headers: [string, Buffer][] = [[SEQUENCE_HEADER, Buffer.from(`${sequence}`)]];
    if (sequence % 2 === 1) {
      link = nextLink(link, sequence, flush);
      flush = [];
      headers.push([LINK_HEADER, link]);
      if (service === 'bank') {
        const text = Buffer.from(flushText(deployment, producer, sequence, link));
        headers.push([SIGNATURE_HEADER, sign(null, text, createPrivateKey(bankPem))]);
      }
    }
    return { key: Buffer.from(producer), value, headers };
  });
}

export function eventOf(service: string, number: number): Parameters<typeof encodeEvent>[0] {
  return {
    id: `01890000-0000-7000-8000-${String(number).padStart(12, '0')}`,
    time: Date.now() * 1000,
    kind: 'LOGIN_FAILED',
    service,
    actor: { type: 'USER', id: `user-${number}` },
    login: { method: 'password' },
  };
}

function newPem(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return String(privateKey.export({ format: 'pem', type: 'pkcs8' }));
}

function newSigner() {
  return signerFromPem(newPem());
}

function vkeysOf(name: string, ...signers: Signer[]): string {
  return signers.map(({ publicKey }) => `${formatVkey(noteVerifier(name, publicKey))}\n`).join('');
}
