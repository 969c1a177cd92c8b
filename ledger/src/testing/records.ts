/** Records of each line of the classification table, and logs sealed from records. */
import { type AuthEvent, encodeEvent } from '@authseal/schemas';
import { BatchBuilder, type SealedBatch, type SealTerms } from '../batch-builder.ts';
import type { SourceRecord } from '../entry.ts';
import { type LogHead, newLog } from '../log-head.ts';
import { testSigner } from './keys.ts';

export const ORIGIN = 'prod/auth-events/0';
export const SIGNER = testSigner('ledger tests');

export const TERMS: SealTerms = {
  now: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  retention: 86_400_000,
  heartbeat: 300,
  partitions: 1,
  codec: 'zstandard',
};

const EVENT: AuthEvent = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  time: 1_700_000_000_000_000,
  kind: 'LOGIN_SUCCEEDED',
  service: 'web',
  actor: { type: 'USER', id: 'alice' },
  login: { method: 'password', mfa: true },
  attributes: { k: 'v' },
};

/** An event's value, different for each `n`. */
export const eventValue = (n: number, reason: string | null = null): Buffer =>
  encodeEvent({ ...EVENT, session: `session ${n}`, reason, attributes: { k: 'v' } });

/** The same event with its one map written as a block with its size in bytes. */
function inSizedBlock(value: Buffer): Buffer {
  const [plain, sized] = ['02026b027600', '010802' + '6b027600'].map((hex) =>
    Buffer.from(hex, 'hex'),
  ) as [Buffer, Buffer];
  const at = value.indexOf(plain);
  return Buffer.concat([value.subarray(0, at), sized, value.subarray(at + plain.length)]);
}

/** A value for each line of the table at the head of entry.ts, and how it is sealed. */
export const VALUES = {
  nothing: null,
  canonical: eventValue(0),
  inBlocks: inSizedBlock(eventValue(1)),
  malformed: Buffer.concat([eventValue(2), Buffer.of(0)]),
  unknownSchema: Buffer.from('c3010102030405060708aa', 'hex'),
  confluent: Buffer.concat([Buffer.of(0, 0, 0, 0, 7), eventValue(3).subarray(10)]),
  empty: Buffer.alloc(0),
} satisfies Record<string, Buffer | null>;

export function record(
  offset: number,
  value: Buffer | null,
  key: Buffer | null = null,
): SourceRecord {
  const timestamp = TERMS.now - 1000 + offset;
  return { offset, timestamp, key, headers: [], value };
}

/** One record of each kind, with and without key and headers, offsets 0 … 6. */
export const MIXED: readonly SourceRecord[] = Object.values(VALUES).map((value, i) => ({
  ...record(i, value, i % 2 === 0 ? Buffer.from(`web/${i}`) : null),
  headers:
    i % 3 === 0
      ? [
          ['authseal-sequence', Buffer.from(String(i))],
          ['toString', null],
          ['__proto__', Buffer.alloc(0)],
          ['toString', Buffer.from('ünïcode')],
        ]
      : [],
}));

/** Seals one batch of these records, which must fit, after `head`. */
export function sealRecords(
  head: LogHead,
  records: readonly SourceRecord[],
  terms: Partial<SealTerms> = {},
): Promise<SealedBatch> {
  const builder = new BatchBuilder(head);
  for (const each of records) if (!builder.append(each)) throw new Error('the batch is full');
  return builder.seal({ ...TERMS, ...terms }, { signer: SIGNER });
}

/** Seals a log of these batches. */
export async function sealLog(
  batches: readonly (readonly SourceRecord[])[],
  terms: Partial<SealTerms> = {},
): Promise<SealedBatch[]> {
  const sealed: SealedBatch[] = [];
  let head = newLog(ORIGIN);
  for (const records of batches) {
    const batch = await sealRecords(head, records, terms);
    sealed.push(batch);
    head = batch.head;
  }
  return sealed;
}
