/** What an entry's Kafka key and headers say of its producer. */
import {
  type EntryView,
  entryValue,
  LINK_HEADER,
  SEQUENCE_HEADER,
  SIGNATURE_HEADER,
} from '@authseal/ledger';

export type Stamp = {
  /** `<service>/<uuid of its run>` */
  readonly producer: string;
  readonly service: string;
  readonly sequence: number;
  /** The Kafka value. */
  readonly value: Buffer;
  /** 32 bytes, of a flush's last event. */
  readonly link: Buffer | null;
  /** 64 bytes, of the same, where the service signs. */
  readonly signature: Buffer | null;
};

const PRODUCER = /^([a-z0-9.-]+)\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SEQUENCE = /^(0|[1-9][0-9]{0,14})$/;
const LINK_SIZE = 32;
const SIGNATURE_SIZE = 64;

/** null: the entry stands in no chain. */
export function stampOf(entry: EntryView): Stamp | null {
  const service = serviceOfKey(entry.key);
  const sequence = headerOf(entry, SEQUENCE_HEADER)?.toString() ?? '';
  const value = entryValue(entry);
  if (service === null || !SEQUENCE.test(sequence) || value === null) return null;
  const link = headerOf(entry, LINK_HEADER);
  const signature = headerOf(entry, SIGNATURE_HEADER);
  return {
    producer: String(entry.key),
    service,
    sequence: Number(sequence),
    value,
    link: link?.length === LINK_SIZE ? link : null,
    signature: signature?.length === SIGNATURE_SIZE ? signature : null,
  };
}

/** null: the key is no producer id. */
export function serviceOfKey(key: Buffer | null): string | null {
  return PRODUCER.exec(String(key))?.[1] ?? null;
}

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
