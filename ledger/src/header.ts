/**
 * The header of a batch: RFC 8785 canonical JSON, integers below 2^53, hashes in padded standard
 * base64, times in milliseconds since 1970. Its bytes are hashed into the next header (`previous`)
 * and are themselves a leaf of the log, right after the batch's entries. Members that this version
 * does not know are hashed and passed over; another `format` is refused.
 */
import canonicalize from 'canonicalize';
import { decodeBase64 } from './base64.ts';
import { LedgerError } from './error.ts';
import { excerpt } from './excerpt.ts';
import { MAX_HEADER, MAX_TIMESTAMP } from './limits.ts';
import { HASH_SIZE } from './merkle.ts';

export const FORMAT = 'authseal/batch/v1';

/** A half-open range of source offsets. */
export type OffsetRange = { readonly from: number; readonly to: number };

export type Header = {
  /** `authseal/batch/v1` */
  readonly format: typeof FORMAT;
  /** The log: `<deployment>/<topic>/<partition>`. */
  readonly origin: string;
  /** 0, 1, 2 … */
  readonly batch: number;
  /** null for batch 0, else SHA-256 of the previous header, and the previous batch's retainUntil. */
  readonly previous: { readonly header: string; readonly retainUntil: number } | null;
  /** Leaf index of the first entry. */
  readonly first: number;
  /** Number of entries. The header is leaf `first + count`. */
  readonly count: number;
  /** Source offsets, joined end to end; batch 0 has from 0. A hole between two entries means that there was no record. */
  readonly offsets: OffsetRange;
  /** Ranges inside `offsets` that the broker dropped before sealing. */
  readonly lost: readonly OffsetRange[];
  /** Compact range of [0, first). */
  readonly before: readonly string[];
  /** Compact range of [first, first + count). */
  readonly entries: readonly string[];
  /** max(now, previous sealedAt) */
  readonly sealedAt: number;
  /** max(sealedAt + retention, previous retainUntil), rounded up to a whole second. */
  readonly retainUntil: number;
  /** Seconds within which the next batch is sealed; null: the log is closed. */
  readonly heartbeat: number | null;
  /** How many partitions the source topic has. */
  readonly partitions: number;
  /** Entries with a problem, by problem. */
  readonly problems: Readonly<Record<string, number>>;
  /** SHA-256 of the bytes of avro.schema. */
  readonly schema: string;
  /**
   * SHA-256 of the data block as it stands in the object: with codec zstandard, when there are
   * entries. For zstd can say the same in many ways, and no byte may change unseen.
   */
  readonly block?: string;
  /** The key that signs from here on. */
  readonly rotation?: { readonly next: string };
};

/**
 * The header's bytes.
 * @throws LedgerError OUT_OF_RANGE when no reader would take it
 */
export function encodeHeader(header: Header): Buffer {
  try {
    const bytes = Buffer.from(canonicalize(header) as string);
    parseHeader(bytes);
    return bytes;
  } catch (cause) {
    throw new LedgerError(
      'OUT_OF_RANGE',
      `Batch ${header.batch} of ${header.origin} cannot be sealed like this: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * Reads a header and checks each member's type and range and what they say of each other.
 * @throws LedgerError HEADER_MALFORMED, FORMAT_UNKNOWN
 */
export function parseHeader(bytes: Buffer): Header {
  if (bytes.length > MAX_HEADER) throw malformed(`it has more than ${MAX_HEADER} bytes`);
  const value = parseCanonicalJson(bytes);
  if (!isRecord(value)) throw malformed('it is no JSON object');
  if (value.format !== FORMAT) {
    const found = typeof value.format === 'string' ? excerpt(value.format) : 'no text';
    throw new LedgerError(
      'FORMAT_UNKNOWN',
      `The header has as format ${found}; this version knows ${FORMAT}. Use the release that knows it.`,
    );
  }
  for (const [member, isRight] of Object.entries(MEMBERS)) {
    if (!Object.hasOwn(value, member)) throw malformed(`it lacks "${member}"`);
    if (!isRight(value[member])) throw malformed(`"${member}" has a wrong type or range`);
  }
  for (const [member, isRight] of Object.entries(OPTIONAL_MEMBERS)) {
    if (Object.hasOwn(value, member) && !isRight(value[member])) {
      throw malformed(`"${member}" has a wrong type`);
    }
  }
  const header = value as Header;
  checkRelations(header);
  return header;
}

function parseCanonicalJson(bytes: Buffer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed('it is no JSON in UTF-8', { cause });
  }
  // Also catches a byte order mark, and a member that stands twice: JSON.parse keeps one of them.
  if (canonical(value) !== bytes.toString()) throw malformed('it is no canonical JSON (RFC 8785)');
  return value;
}

function canonical(value: unknown): string | undefined {
  try {
    return canonicalize(value);
  } catch (cause) {
    throw malformed('it is no canonical JSON (RFC 8785)', { cause });
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

const isHash = (value: unknown): value is string =>
  typeof value === 'string' && decodeBase64(value)?.length === HASH_SIZE;

const isHashes = (value: unknown): boolean => Array.isArray(value) && value.every(isHash);

const isRange = (value: unknown): value is OffsetRange =>
  isRecord(value) && isCount(value.from) && isCount(value.to);

const isTime = (value: unknown): value is number => isCount(value) && value <= MAX_TIMESTAMP;

/** What the batch's number has room for in an object's key. */
const MAX_BATCH = 999_999_999_999;

/** A deployment, a topic and a partition; the first two as Kafka and S3 keys take them. */
const ORIGIN = /^[a-z0-9.-]+\/[a-zA-Z0-9._-]+\/(0|[1-9][0-9]{0,4})$/;

const MEMBERS: Record<string, (value: unknown) => boolean> = {
  origin: (value) => typeof value === 'string' && ORIGIN.test(value),
  batch: (value) => isCount(value) && value <= MAX_BATCH,
  previous: (value) =>
    value === null || (isRecord(value) && isHash(value.header) && isTime(value.retainUntil)),
  first: isCount,
  count: isCount,
  offsets: isRange,
  lost: (value) => Array.isArray(value) && value.every(isRange),
  before: isHashes,
  entries: isHashes,
  sealedAt: isTime,
  retainUntil: isTime,
  heartbeat: (value) => value === null || (isCount(value) && value > 0),
  partitions: isCount,
  problems: (value) =>
    isRecord(value) && Object.values(value).every((number) => isCount(number) && number > 0),
  schema: isHash,
};

const OPTIONAL_MEMBERS: Record<string, (value: unknown) => boolean> = {
  block: isHash,
  rotation: (value) => isRecord(value) && typeof value.next === 'string',
};

function checkRelations(header: Header): void {
  const { batch, previous, first, offsets, lost, sealedAt, retainUntil, origin } = header;
  if ((batch === 0) !== (previous === null)) throw malformed('only batch 0 has no previous');
  if (batch === 0 && (first !== 0 || offsets.from !== 0)) {
    throw malformed('batch 0 begins neither at leaf 0 nor at offset 0');
  }
  if (!isCount(first + header.count + 1)) throw malformed('its leaves pass 2^53');
  if (header.count > offsets.to - offsets.from) throw malformed('more entries than offsets');
  let end = offsets.from;
  for (const { from, to } of lost) {
    if (from < end || to <= from || to > offsets.to) throw malformed('"lost" is out of order');
    end = to;
  }
  if (retainUntil < sealedAt || retainUntil % 1000 !== 0) {
    throw malformed('"retainUntil" lies before "sealedAt" or is no whole second');
  }
  if (previous !== null && retainUntil < previous.retainUntil) {
    throw malformed('"retainUntil" runs back');
  }
  if (partitionOf(origin) >= header.partitions) {
    throw malformed('its partition is not among "partitions"');
  }
}

/** The partition in an origin. */
export function partitionOf(origin: string): number {
  return Number(origin.slice(origin.lastIndexOf('/') + 1));
}

/** The origin of a partition's log. */
export function originOf(deployment: string, topic: string, partition: number): string {
  return `${deployment}/${topic}/${partition}`;
}

function malformed(why: string, options?: ErrorOptions): LedgerError {
  return new LedgerError(
    'HEADER_MALFORMED',
    `The header is refused: ${why}. The object was changed or was not made by Authseal.`,
    options,
  );
}
