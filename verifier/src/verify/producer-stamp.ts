/** What an entry's Kafka key and headers say of its producer. */
import {
  type EntryView,
  entryValueHash,
  type Hash,
  LINK_HEADER,
  SEQUENCE_HEADER,
  SIGNATURE_HEADER,
} from '@authseal/ledger';

export type Stamp = {
  /** `<service>/<uuid of its run>` */
  readonly producer: string;
  readonly service: string;
  readonly sequence: number;
  /** SHA-256 of the Kafka value. */
  readonly value: Hash;
  /** 32 bytes, of a flush's last event. */
  readonly link: Buffer | null;
  /** 64 bytes, of the same, where the service signs. */
  readonly signature: Buffer | null;
};

const PRODUCER = /^([a-z0-9.-]+)\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** So that a sequence is exact as a number. */
const MAX_SEQUENCE_DIGITS = 15;
const LINK_SIZE = 32;
const SIGNATURE_SIZE = 64;

/** null: the entry stands in no chain. */
export function stampOf(entry: EntryView): Stamp | null {
  const { producer, service } = nameOfKey(entry.key);
  if (service === null) return null;
  const sequence = sequenceOf(headerOf(entry, SEQUENCE_HEADER));
  const value = sequence === null ? null : entryValueHash(entry);
  if (sequence === null || value === null) return null;
  const link = headerOf(entry, LINK_HEADER);
  const signature = headerOf(entry, SIGNATURE_HEADER);
  return {
    producer,
    service,
    sequence,
    value,
    link: link?.length === LINK_SIZE ? link : null,
    signature: signature?.length === SIGNATURE_SIZE ? signature : null,
  };
}

/** null: the key is no producer id. */
export function serviceOfKey(key: Buffer | null): string | null {
  return nameOfKey(key).service;
}

/** The key looked at last: a flush's events, up to a thousand, have one. */
let last: { key: Buffer; producer: string; service: string | null } = nameOf(Buffer.alloc(0));

function nameOfKey(key: Buffer | null) {
  if (key === null) return nameOf(Buffer.alloc(0));
  // A copy is kept: a view would keep the whole batch alive.
  if (!last.key.equals(key)) last = nameOf(Buffer.from(key));
  return last;
}

function nameOf(key: Buffer) {
  const producer = String(key);
  return { key, producer, service: PRODUCER.exec(producer)?.[1] ?? null };
}

/** The decimal number in its shortest form, or null. */
function sequenceOf(digits: Buffer | null): number | null {
  if (digits === null || digits.length === 0 || digits.length > MAX_SEQUENCE_DIGITS) return null;
  if (digits[0] === ZERO && digits.length > 1) return null;
  let sequence = 0;
  for (const byte of digits) {
    if (byte < ZERO || byte > ZERO + 9) return null;
    sequence = sequence * 10 + byte - ZERO;
  }
  return sequence;
}

const ZERO = 0x30;

/** The one value of a header; null when there is none or several. */
function headerOf({ headers }: EntryView, name: string): Buffer | null {
  let value: Buffer | null = null;
  let count = 0;
  for (const header of headers) {
    if (header[0] !== name) continue;
    value = header[1];
    count += 1;
  }
  return count === 1 ? value : null;
}
