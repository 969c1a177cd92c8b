/**
 * One S3 bucket, as archiver and verifier need it: a few operations, each one request, over the AWS
 * SDK. Keys are whole keys, the region's prefix included. Nothing here hashes or decides.
 *
 * Retries are the caller's: the SDK tries an operation at most three times, within seconds, so that
 * a lost packet is no event; whoever must not give up (the archiver) calls again.
 */
import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { Region } from './config/settings.ts';
import { RuntimeError } from './error.ts';

const MAX_ATTEMPTS = 3;
const CONNECT_TIMEOUT_MS = 5_000;
// Objects stay under 8 MiB: 30 s is 2 Mbit/s.
const REQUEST_TIMEOUT_MS = 30_000;

export type LockMode = 'COMPLIANCE' | 'GOVERNANCE';

/** An object's lock; both members null when there is none, or when the store does not tell. */
export interface Lock {
  mode: LockMode | null;
  retainUntil: Date | null;
}

export interface LockedObject {
  key: string;
  body: Uint8Array;
  /** SHA-256 of the body (32 bytes); S3 refuses the object if what arrives is another. */
  sha256: Uint8Array;
  /** End of the COMPLIANCE lock: from then on nobody, root included, can delete it before. */
  retainUntil: Date;
  /** Only write if the key has no current version. */
  ifNoneMatch: boolean;
}

/**
 * `exists`: the key has a current version (412), nothing was written. `conflict`: another write to
 * the key was under way (409), to be tried again.
 */
export type PutOutcome =
  | { outcome: 'written'; versionId: string }
  | { outcome: 'exists' }
  | { outcome: 'conflict' };

export interface VersionHead extends Lock {
  /** The store's own SHA-256 of the bytes; null when the object was written without. */
  checksumSha256: Buffer | null;
  /** Bytes. */
  size: number;
}

export interface VersionBytes extends Lock {
  bytes: Buffer;
}

export interface ListedVersion {
  key: string;
  versionId: string;
  isLatest: boolean;
  /** A delete marker has no bytes and cannot be locked. */
  deleteMarker: boolean;
  /** Bytes; 0 for a delete marker. */
  size: number;
  lastModified: Date;
}

export interface BucketState {
  versioning: 'Enabled' | 'Suspended' | 'Off';
  objectLock: boolean;
}

export class Bucket {
  readonly region: Region;
  readonly #client: S3Client;

  constructor(region: Region) {
    this.region = region;
    const { name, endpoint, accessKeyId, secretAccessKey } = region;
    this.#client = new S3Client({
      region: name,
      ...(endpoint !== undefined ? { endpoint, forcePathStyle: true } : {}),
      ...(accessKeyId !== undefined && secretAccessKey !== undefined
        ? { credentials: { accessKeyId, secretAccessKey } }
        : {}),
      maxAttempts: MAX_ATTEMPTS,
      // We give SHA-256 ourselves; the SDK's CRC beside it is work that some stores do not know.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: CONNECT_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        throwOnRequestTimeout: true,
      },
    });
  }

  close(): void {
    this.#client.destroy();
  }

  /** Writes one version under COMPLIANCE lock. @throws RuntimeError BUCKET_NOT_VERSIONED, S3_… */
  async putLocked({
    key,
    body,
    sha256,
    retainUntil,
    ifNoneMatch,
  }: LockedObject): Promise<PutOutcome> {
    const put = new PutObjectCommand({
      Bucket: this.region.bucket,
      Key: key,
      Body: body,
      ContentLength: body.length,
      ChecksumSHA256: Buffer.from(sha256).toString('base64'),
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: retainUntil,
      ...(ifNoneMatch ? { IfNoneMatch: '*' } : {}),
    });
    try {
      const { VersionId: versionId } = await this.#client.send(put);
      if (versionId !== undefined && versionId !== 'null') return { outcome: 'written', versionId };
    } catch (cause) {
      const status = statusOf(cause);
      if (status === 412) return { outcome: 'exists' };
      if (status === 409) return { outcome: 'conflict' };
      throw this.#error('PutObject', key, cause);
    }
    const message = `${this.#where(key)}: the write gave no version id, so the bucket is not versioned: use a bucket with versioning and Object Lock`;
    throw new RuntimeError('BUCKET_NOT_VERSIONED', message);
  }

  /** What the store says of one version; null when there is none, or it is a delete marker. */
  async headVersion(key: string, versionId: string): Promise<VersionHead | null> {
    const head = new HeadObjectCommand({
      ...this.#version(key, versionId),
      ChecksumMode: 'ENABLED',
    });
    try {
      const answer = await this.#client.send(head);
      const { ChecksumSHA256: checksum } = answer;
      return {
        checksumSha256: checksum === undefined ? null : Buffer.from(checksum, 'base64'),
        size: answer.ContentLength ?? 0,
        ...lockOf(answer),
      };
    } catch (cause) {
      if (isGone(cause)) return null;
      throw this.#error('HeadObject', key, cause);
    }
  }

  /**
   * The bytes of one version; null when there is none, or it is a delete marker.
   * The lock comes along from AWS; versitygw tells it to headVersion only.
   *
   * @param limit most bytes that are read
   * @throws RuntimeError OBJECT_TOO_LARGE, S3_…
   */
  async getVersion(key: string, versionId: string, limit: number): Promise<VersionBytes | null> {
    try {
      const answer = await this.#client.send(new GetObjectCommand(this.#version(key, versionId)));
      const chunks: Uint8Array[] = [];
      let size = 0;
      // Leaving the loop by a throw destroys the stream, and with it the rest of the download.
      for await (const chunk of answer.Body as unknown as AsyncIterable<Uint8Array>) {
        size += chunk.length;
        if (size > limit) throw this.#tooLarge(key, answer.ContentLength, limit);
        chunks.push(chunk);
      }
      return { bytes: Buffer.concat(chunks, size), ...lockOf(answer) };
    } catch (cause) {
      if (isGone(cause)) return null;
      throw this.#error('GetObject', key, cause);
    }
  }

  /**
   * All versions and delete markers below a prefix, all those of one key together, keys ascending.
   */
  async *listVersions(prefix: string, pageSize = 1000): AsyncGenerator<ListedVersion> {
    let page: ListObjectVersionsCommandOutput | undefined;
    do {
      const after = markers(page);
      const list = new ListObjectVersionsCommand({
        Bucket: this.region.bucket,
        Prefix: prefix,
        MaxKeys: pageSize,
        ...after,
      });
      try {
        page = await this.#client.send(list);
      } catch (cause) {
        throw this.#error('ListObjectVersions', prefix, cause);
      }
      const next = markers(page);
      if (page.IsTruncated && (!next.KeyMarker || sameMarkers(next, after))) {
        const message = `${this.#where(prefix)}: the list of versions does not go on from ${JSON.stringify(next)}: this store does not page its lists as S3 does`;
        throw new RuntimeError('S3_BAD_ANSWER', message);
      }
      yield* versionsOf(page);
    } while (page.IsTruncated);
  }

  /** Changes a version's lock; `doctor` tries with it what must be refused. */
  async putRetention(
    key: string,
    versionId: string,
    mode: LockMode,
    retainUntil: Date,
  ): Promise<void> {
    const put = new PutObjectRetentionCommand({
      ...this.#version(key, versionId),
      Retention: { Mode: mode, RetainUntilDate: retainUntil },
    });
    try {
      await this.#client.send(put);
    } catch (cause) {
      throw this.#error('PutObjectRetention', key, cause);
    }
  }

  /** Deletes one version for good, or without one adds a delete marker. For trying attacks only. */
  async deleteVersion(key: string, versionId?: string): Promise<void> {
    const { bucket } = this.region;
    try {
      await this.#client.send(
        new DeleteObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(versionId && { VersionId: versionId }),
        }),
      );
    } catch (cause) {
      throw this.#error('DeleteObject', key, cause);
    }
  }

  async bucketState(): Promise<BucketState> {
    const Bucket = this.region.bucket;
    let operation = 'GetBucketVersioning';
    try {
      const { Status } = await this.#client.send(new GetBucketVersioningCommand({ Bucket }));
      operation = 'GetObjectLockConfiguration';
      const objectLock = await this.#client
        .send(new GetObjectLockConfigurationCommand({ Bucket }))
        .then((answer) => answer.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled')
        .catch((cause: unknown) => {
          if (nameOf(cause) === 'ObjectLockConfigurationNotFoundError') return false;
          throw cause;
        });
      return { versioning: Status ?? 'Off', objectLock };
    } catch (cause) {
      throw this.#error(operation, '', cause);
    }
  }

  #version(key: string, versionId: string) {
    return { Bucket: this.region.bucket, Key: key, VersionId: versionId };
  }

  #where(key: string): string {
    return `region ${this.region.name}, bucket ${this.region.bucket}${key && `, ${key}`}`;
  }

  #tooLarge(key: string, size: number | undefined, limit: number): RuntimeError {
    const message = `${this.#where(key)}: ${size ?? 'unknown'} bytes, more than the ${limit} of any object of ours`;
    return new RuntimeError('OBJECT_TOO_LARGE', message);
  }

  #error(operation: string, key: string, cause: unknown): RuntimeError {
    if (cause instanceof RuntimeError) return cause;
    const status = statusOf(cause);
    const said = `${nameOf(cause)}${status ? ` (${status})` : ''}: ${cause instanceof Error ? cause.message : ''}`;
    const message = `${this.#where(key)}: ${operation} failed with ${said}`;
    const denied = status === 401 || status === 403;
    return new RuntimeError(denied ? 'S3_ACCESS_DENIED' : 'S3_FAILED', message, { cause });
  }
}

const statusOf = (cause: unknown): number | undefined =>
  cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;

const nameOf = (cause: unknown): string => (cause instanceof Error ? cause.name : typeof cause);

/** 405 is S3's answer to a read of a delete marker by version. */
function isGone(cause: unknown): boolean {
  if (nameOf(cause) === 'NoSuchBucket') return false;
  return statusOf(cause) === 404 || statusOf(cause) === 405;
}

function lockOf(answer: {
  ObjectLockMode?: LockMode | undefined;
  ObjectLockRetainUntilDate?: Date | undefined;
}): Lock {
  return {
    mode: answer.ObjectLockMode ?? null,
    retainUntil: answer.ObjectLockRetainUntilDate ?? null,
  };
}

const markers = (page: ListObjectVersionsCommandOutput | undefined) => ({
  KeyMarker: page?.NextKeyMarker,
  VersionIdMarker: page?.NextVersionIdMarker,
});

type Markers = ReturnType<typeof markers>;
const sameMarkers = (a: Markers, b: Markers) =>
  a.KeyMarker === b.KeyMarker && a.VersionIdMarker === b.VersionIdMarker;

/** The SDK splits a page into versions and delete markers; here they come by key again. */
function versionsOf(page: ListObjectVersionsCommandOutput): ListedVersion[] {
  const listed = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map((entry) => ({
    key: entry.Key ?? '',
    versionId: entry.VersionId ?? 'null',
    isLatest: entry.IsLatest ?? false,
    deleteMarker: !('Size' in entry),
    size: 'Size' in entry ? (entry.Size ?? 0) : 0,
    lastModified: entry.LastModified ?? new Date(0),
  }));
  return listed.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}
