/**
 * One key, all regions, all versions: each object is read and checked as far as it goes by itself
 * (ledger's readBatchWith), its signature tried, and its own key compared with the one that it lies at.
 * Whether it continues its log is for log.ts to say. The same bytes are read once.
 */
import {
  type Batch,
  checkpointSigners,
  type DeploymentKeys,
  encodeBase64,
  type Header,
  type KeyParts,
  LedgerError,
  MAX_OBJECT,
  objectKey,
  originOf,
  type Packed,
  readBatchWith,
  readSealedHeader,
  sha256,
  type Unpacked,
} from '@authseal/ledger';
import type { ListedVersion } from '@authseal/runtime';
import type { Archive } from '../archive/archive.ts';
import { type FetchedVersion, fetchKey, type Unread } from '../archive/fetch.ts';
import type { ListedKey } from '../archive/list.ts';
import type { ObjectFaultCode } from './problem-codes.ts';

/** A batch that is whole, signed by a line of the key file, and at its own key. */
export type SignedBatch = {
  readonly batch: Batch;
  /** Lines of the key file that signed it, ascending. */
  readonly signers: readonly number[];
  readonly bytes: Buffer;
};

/** Why an object is not the batch that its key promises. */
type ObjectFault = {
  readonly code: ObjectFaultCode | 'OBJECT_MISPLACED' | 'OBJECT_UNREADABLE';
  readonly found: string;
  /** Its header is signed, and for this key: a batch was sealed for this place, and then damaged. */
  readonly isSealed: boolean;
};

export type Content = SignedBatch | ObjectFault;

/** One version. */
export type Copy = FetchedVersion<Content>;

export type RegionCopies = {
  readonly region: string;
  /** Newest first. */
  readonly copies: readonly Copy[];
  readonly markers: readonly ListedVersion[];
};

/** What all regions have at the key of one batch. */
export type ExaminedKey = {
  readonly number: number;
  readonly date: string;
  readonly regions: readonly RegionCopies[];
};

/** The different batches at a key, in the order of regions. */
export function batchesAt({ regions }: ExaminedKey): SignedBatch[] {
  return [...new Set(contentsAt(regions).filter(isBatch))];
}

/** Whether a batch was sealed for this key, though none is whole there. */
export function wasSealed({ regions }: ExaminedKey): boolean {
  return contentsAt(regions).some((content) => !isBatch(content) && content.isSealed);
}

const contentsAt = (regions: readonly RegionCopies[]): Content[] =>
  regions.flatMap(({ copies }) => copies.map(({ content }) => content));

export const isBatch = (content: Content): content is SignedBatch => 'batch' in content;

/** Whether this is the same batch, in these or in other bytes. */
export function hasHeaderOf(content: Content, { batch }: SignedBatch): content is SignedBatch {
  return isBatch(content) && content.batch.headerHash.equals(batch.headerHash);
}

/** Another batch that is signed for the same place. */
export function isFork(content: Content, batch: SignedBatch): content is SignedBatch {
  return isBatch(content) && !hasHeaderOf(content, batch);
}

/** A version as S3 addresses it. */
export function nameOf({ key, versionId }: ListedVersion): string {
  return `${key}?versionId=${versionId}`;
}

/** What reading an object needs besides its bytes. */
export type ReadTerms = {
  readonly keys: DeploymentKeys;
  /** Does what unpackEntries does. */
  readonly unpack: (packed: Packed) => Promise<Unpacked>;
};

export async function examineKey(
  parts: KeyParts,
  listed: ListedKey,
  archives: readonly Archive[],
  terms: ReadTerms,
): Promise<ExaminedKey> {
  const regions = await fetchKey(listed, archives, contentReader(parts, terms));
  return {
    number: parts.batch,
    date: parts.date,
    regions: regions.map(({ region, versions, markers }) => ({
      region,
      markers,
      copies: versions,
    })),
  };
}

/**
 * Reads the versions of one key. The same bytes have the same content; other bytes with the same
 * header (signature lines added or removed) share its batch, so that any number of them costs no
 * more memory than one.
 */
function contentReader(
  parts: KeyParts,
  terms: ReadTerms,
): (bytes: Buffer | Unread) => Promise<Content> {
  const read = new Map<string, Promise<Content>>();
  const batches = new Map<string, SignedBatch>();
  return async (bytes) => {
    if (!Buffer.isBuffer(bytes)) return faultOf(bytes);
    const hash = encodeBase64(sha256(bytes));
    const known = read.get(hash);
    if (known !== undefined) return known;
    const content = readObject(bytes, parts, terms).then((found) =>
      isBatch(found) ? sharing(found, batches) : found,
    );
    read.set(hash, content);
    return content;
  };
}

function sharing(found: SignedBatch, batches: Map<string, SignedBatch>): SignedBatch {
  const header = encodeBase64(found.batch.headerHash);
  const first = batches.get(header);
  if (first !== undefined) return { ...first, signers: found.signers };
  batches.set(header, found);
  return found;
}

async function readObject(
  bytes: Buffer,
  parts: KeyParts,
  { keys, unpack }: ReadTerms,
): Promise<Content> {
  try {
    const batch = await readBatchWith(bytes, unpack);
    const { header } = batch;
    const signers = checkpointSigners(batch.note, header.origin, keys);
    if (isAtHome(header, parts, keys)) return { batch, signers, bytes };
    const found = `${header.origin} batch ${header.batch}, whose key is ${objectKey('', header)}`;
    return { code: 'OBJECT_MISPLACED', found, isSealed: false };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    const isSealed = hasSignedHeader(bytes, parts, keys);
    return { code: error.code as ObjectFaultCode, found: error.message, isSealed };
  }
}

function hasSignedHeader(bytes: Buffer, parts: KeyParts, keys: DeploymentKeys): boolean {
  try {
    const { header, note } = readSealedHeader(bytes);
    checkpointSigners(note, header.origin, keys);
    return isAtHome(header, parts, keys);
  } catch (error) {
    if (error instanceof LedgerError) return false;
    throw error;
  }
}

function isAtHome(header: Header, parts: KeyParts, keys: DeploymentKeys): boolean {
  return (
    header.origin === originOf(keys.deployment, parts.topic, parts.partition) &&
    header.batch === parts.batch &&
    objectKey('', header).includes(`/date=${parts.date}/`)
  );
}

function faultOf(unread: Unread): ObjectFault {
  if (unread.why === 'refused') {
    return { code: 'OBJECT_UNREADABLE', found: unread.said, isSealed: false };
  }
  return {
    code: 'CONTAINER_MALFORMED',
    found: `more than ${MAX_OBJECT} bytes`,
    isSealed: false,
  };
}
