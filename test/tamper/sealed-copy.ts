/** A small archive sealed in process, as a list of objects that a test changes before it is stored. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import {
  BatchBuilder,
  firstLink,
  formatVkey,
  type Header,
  LINK_HEADER,
  newLog,
  nextLink,
  noteVerifier,
  objectKey,
  originOf,
  SEQUENCE_HEADER,
  type SourceRecord,
  sha256,
  signerFromPem,
} from '@authseal/ledger';
import { encodeEvent } from '@authseal/schemas';

export const DEPLOYMENT = 'tampered';
const TOPIC = 'auth-events';
const PARTITIONS = 2;
const HOUR = 3_600_000;

const signer = signerFromPem(newPem());
export const stranger = signerFromPem(newPem());
export const vkey = formatVkey(noteVerifier(DEPLOYMENT, signer.publicKey));

/** An object to be stored. */
export type CopiedObject = { name: string; bytes: Buffer; header: Header; lockUntil?: number };

function newPem(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return String(privateKey.export({ format: 'pem', type: 'pkcs8' }));
}

export type CopyOptions = {
  /** Alters the records of the one producer of partition 0 before they are sealed. */
  alter?: (records: Unsealed[]) => Unsealed[];
  /** Signs batch 2 of partition 0. */
  signerOfBatch2?: typeof signer;
  codec?: 'zstandard' | 'null';
};

type Unsealed = Pick<SourceRecord, 'key' | 'headers' | 'value'>;

/** Two logs of four batches each, an hour old, sealed in the last minutes before that. */
export async function sealCopy(options: CopyOptions = {}): Promise<CopiedObject[]> {
  const logs = Array.from({ length: PARTITIONS }, (_, partition) => sealLog(partition, options));
  return (await Promise.all(logs)).flat();
}

async function sealLog(partition: number, options: CopyOptions): Promise<CopiedObject[]> {
  const { alter = (records) => records, signerOfBatch2 = signer, codec = 'null' } = options;
  const records = partition === 0 ? alter(producerRecords(8)) : producerRecords(8);
  let head = newLog(originOf(DEPLOYMENT, TOPIC, partition));
  const objects: CopiedObject[] = [];
  for (let batch = 0; batch < 4; batch += 1) {
    const builder = new BatchBuilder(head);
    const share = batch === 0 ? [] : records.splice(0, Math.ceil(records.length / (4 - batch)));
    for (const record of share) {
      builder.append({ ...record, offset: builder.offset, timestamp: Date.now() });
    }
    const now = Date.now() - HOUR + batch * 1000;
    const terms = { now, retention: 24 * HOUR, heartbeat: 3600, partitions: PARTITIONS, codec };
    const isForged = partition === 0 && batch === 2;
    const sealed = await builder.seal(terms, { signer: isForged ? signerOfBatch2 : signer });
    head = sealed.head;
    objects.push({
      name: objectKey('', sealed.header),
      bytes: sealed.object,
      header: sealed.header,
    });
  }
  return objects;
}

/** Events of one producer, two a flush. */
function producerRecords(count: number): Unsealed[] {
  const producer = `shop/${randomUUID()}`;
  let link = firstLink(DEPLOYMENT, TOPIC, producer);
  let flush: Buffer[] = [];
  return Array.from({ length: count }, (_, sequence) => {
    const value = encodeEvent({
      id: `01890000-0000-7000-8000-${String(sequence).padStart(12, '0')}`,
      time: Date.now() * 1000,
      kind: 'LOGIN_FAILED',
      service: 'shop',
      actor: { type: 'USER', id: `user-${sequence}` },
      login: { method: 'password' },
    });
    flush.push(sha256(value));
    const headers: [string, Buffer][] = [[SEQUENCE_HEADER, Buffer.from(`${sequence}`)]];
    if (sequence % 2 === 1) {
      link = nextLink(link, sequence, flush);
      flush = [];
      headers.push([LINK_HEADER, link]);
    }
    return { key: Buffer.from(producer), value, headers };
  });
}
