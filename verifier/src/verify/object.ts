/**
 * One key, all regions, all versions: each object is read and checked as far as it goes by itself
 * (ledger's readBatch), its signature tried, and its own key compared with the one that it lies at.
 * Whether it continues its log is for log.ts to say. The same bytes are read once.
 */
import {
  type Batch,
  checkpointSigners,
  type DeploymentKeys,
  type KeyParts,
  LedgerError,
  MAX_OBJECT,
  objectKey,
  originOf,
  readBatch,
} from '@authseal/ledger';
import type { ListedVersion, Lock } from '@authseal/runtime';
import type { FetchedRegion, FetchedVersion } from '../archive/fetch.ts';
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

/** One version; copies with the same bytes share one content. */
export type Copy = {
  readonly listed: ListedVersion;
  readonly lock: Lock;
  readonly content: Content;
};

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

export function examineKey(
  parts: KeyParts,
  regions: readonly FetchedRegion[],
  keys: DeploymentKeys,
): ExaminedKey {
  const read: { bytes: Buffer; content: Content }[] = [];
  const contentOf = ({ bytes }: FetchedVersion): Content => {
    if (bytes === null) return tooLarge();
    const same = read.find((other) => other.bytes.equals(bytes));
    if (same !== undefined) return same.content;
    const content = readObject(bytes, parts, keys);
    read.push({ bytes, content });
    return content;
  };
  return {
    number: parts.batch,
    date: parts.date,
    regions: regions.map(({ region, versions, markers }) => ({
      region,
      markers,
      copies: versions.map((version) => ({
        listed: version.listed,
        lock: version.lock,
        content: contentOf(version),
      })),
    })),
  };
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
