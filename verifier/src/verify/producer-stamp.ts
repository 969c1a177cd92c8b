/** What an entry's Kafka key and headers say of its producer. */
import {
  type Batch,
  type EntryCursor,
  entryValueHash,
  type HashText,
  LINK_HEADER,
  SEQUENCE_HEADER,
  SIGNATURE_HEADER,
  Span,
} from '@authseal/ledger';

export type Stamp = {
  /** `<service>/<uuid of its run>` */
  readonly producer: string;
  readonly service: string;
  readonly sequence: number;
  /** SHA-256 of the Kafka value. */
  readonly value: HashText;
  /** 32 bytes, of a flush's last event. */
  readonly link: Buffer | null;
  /** 64 bytes, of the same, where the service signs. */
  readonly signature: Buffer | null;
};

/** The service is as long as a topic's name may be: what is told of it stays short. */
const PRODUCER = /^([a-z0-9.-]{1,249})\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** So that a sequence is exact as a number. */
const MAX_SEQUENCE_DIGITS = 15;
const LINK_SIZE = 32;
const SIGNATURE_SIZE = 64;

const [SEQUENCE_NAME, LINK_NAME, SIGNATURE_NAME] = [
  SEQUENCE_HEADER,
  LINK_HEADER,
  SIGNATURE_HEADER,
].map((name) => Buffer.from(name)) as [Buffer, Buffer, Buffer];

/** null: the entry stands in no chain. */
export function stampOf(entry: EntryCursor, { eventSchema }: Batch): Stamp | null {
  const { producer, service } = nameOfKey(entry);
  if (service === null) return null;
  const sequence = sequenceOf(entry);
  const value = sequence === null ? null : entryValueHash(entry, eventSchema);
  if (sequence === null || value === null) return null;
  const link = headerOfSize(entry, LINK_NAME, LINK_SIZE);
  const signature = headerOfSize(entry, SIGNATURE_NAME, SIGNATURE_SIZE);
  return { producer, service, sequence, value, link, signature };
}

/** The service of the producer whose id the key is; null: it is none. */
export function serviceOfKey(entry: EntryCursor): string | null {
  return nameOfKey(entry).service;
}

type Name = { readonly key: Buffer; readonly producer: string; readonly service: string | null };

/** The key looked at last: a flush's events, up to a thousand, have one. */
let last = nameOf(Buffer.alloc(0));

function nameOfKey({ key, bytes }: EntryCursor): Name {
  // A copy is kept: a view would keep the whole batch alive.
  if (!key.is(bytes, last.key)) last = nameOf(Buffer.from(key.of(bytes) ?? []));
  return last;
}

function nameOf(key: Buffer): Name {
  const producer = String(key);
  return { key, producer, service: PRODUCER.exec(producer)?.[1] ?? null };
}

const span = new Span();

function headerOfSize(entry: EntryCursor, name: Buffer, size: number): Buffer | null {
  entry.header(name, span);
  return span.length === size ? span.of(entry.bytes) : null;
}

/** The decimal number in its shortest form, or null. */
function sequenceOf(entry: EntryCursor): number | null {
  entry.header(SEQUENCE_NAME, span);
  const { bytes } = entry;
  const { at, end, length } = span;
  if (length === 0 || length > MAX_SEQUENCE_DIGITS) return null;
  if (bytes[at] === ZERO && length > 1) return null;
  let sequence = 0;
  for (let i = at; i < end; i += 1) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 9) return null;
    sequence = sequence * 10 + digit;
  }
  return sequence;
}

const ZERO = 0x30;
