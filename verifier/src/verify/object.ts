/**
 * One key, all regions, all versions: each object is read and checked as far as it goes by itself
 * (ledger's readBatch), its signature tried, and its own key compared with the one that it lies at.
 * Whether it continues its log is for log.ts to say. The same bytes are read once.
 */
import {
  type Batch,
  checkpointSigners,
  type DeploymentKeys,
  encodeBase64,
  type KeyParts,
  LedgerError,
  MAX_OBJECT,
  objectKey,
  originOf,
  readBatch,
  sha256,
} from '@authseal/ledger';
import type { ListedVersion } from '@authseal/runtime';
import type { Archive } from '../archive/archive.ts';
import { type FetchedVersion, fetchKey } from '../archive/fetch.ts';
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
  readonly code: ObjectFaultCode | 'OBJECT_MISPLACED';
  readonly found: string;
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

export async function examineKey(
  parts: KeyParts,
  listed: ListedKey,
  archives: readonly Archive[],
  keys: DeploymentKeys,
): Promise<ExaminedKey> {
  const regions = await fetchKey(listed, archives, contentReader(parts, keys));
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
function contentReader(parts: KeyParts, keys: DeploymentKeys): (bytes: Buffer | null) => Content {
  const read = new Map<string, Content>();
  const batches = new Map<string, SignedBatch>();
  return (bytes) => {
    if (bytes === null) return tooLarge();
    const hash = encodeBase64(sha256(bytes));
    const known = read.get(hash);
    if (known !== undefined) return known;
    const found = readObject(bytes, parts, keys);
    const content = isBatch(found) ? sharing(found, batches) : found;
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

function readObject(bytes: Buffer, parts: KeyParts, keys: DeploymentKeys): Content {
  const origin = originOf(keys.deployment, parts.topic, parts.partition);
  try {
    const batch = readBatch(bytes);
    const { header } = batch;
    const signers = checkpointSigners(batch.note, header.origin, keys);
    const isAtHome =
      header.origin === origin &&
      header.batch === parts.batch &&
      objectKey('', header).includes(`/date=${parts.date}/`);
    if (isAtHome) return { batch, signers, bytes };
    const found = `${header.origin} batch ${header.batch}, whose key is ${objectKey('', header)}`;
    return { code: 'OBJECT_MISPLACED', found };
  } catch (error) {
    if (error instanceof LedgerError) {
      return { code: error.code as ObjectFaultCode, found: error.message };
    }
    throw error;
  }
}

function tooLarge(): ObjectFault {
  return { code: 'CONTAINER_MALFORMED', found: `more than ${MAX_OBJECT} bytes` };
}
