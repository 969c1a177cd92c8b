/**
 * One S3 bucket, as archiver and verifier need it: a few operations, thin over the AWS SDK. Keys are
 * whole keys, the region's prefix included. Nothing here hashes or decides.
 *
 * Retries are the caller's: the SDK tries a request at most three times within seconds, so that a
 * lost packet is no event; whoever must not give up (the archiver) calls again.
 */
import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Region } from '../config/settings.ts';
import { RuntimeError } from '../error.ts';
import { isDenied, isGone, nameOf, s3Error, statusOf, versionError } from './failure.ts';
import { type ListedVersion, listPages } from './listing.ts';

const MAX_ATTEMPTS = 3;
const CONNECT_TIMEOUT_MS = 5_000;
// For an upload or until an answer begins; objects stay under 8 MiB, so this asks for 2 Mbit/s.
const REQUEST_TIMEOUT_MS = 30_000;
// Without a byte, in a download.
const IDLE_TIMEOUT_MS = 30_000;

// Other answers of status 409 (such as a bucket in the wrong state) do not go away by themselves.
const CONFLICTS = ['ConditionalRequestConflict', 'OperationAborted'];

export type LockMode = 'COMPLIANCE' | 'GOVERNANCE';

/** An object's lock; both members null when there is none. */
export interface Lock {
  mode: LockMode | null;
  retainUntil: Date | null;
}

export interface LockedObject {
  key: string;
  body: Uint8Array;
  /** SHA-256 of the body (32 bytes); S3 refuses the object if what arrives has another. */
  sha256: Uint8Array;
  /** End of the COMPLIANCE lock: before it nobody, root included, can delete the version. */
  retainUntil: Date;
  /** Write only if the key has no current version. */
  ifNoneMatch: boolean;
}

/**
 * `exists`: the key has a current version (412), nothing was written; it may be ours, from an
 * attempt whose answer was lost. `conflict`: another write to the key is under way (409), try again.
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

export interface BucketState {
  versioning: 'Enabled' | 'Suspended' | 'Off';
  objectLock: boolean;
}

/** All methods throw RuntimeError S3_ACCESS_DENIED or S3_FAILED, saying operation, bucket and key; those that read one version also S3_VERSION_REFUSED. */
export class Bucket {
  readonly region: Region;
  readonly #client: S3Client;

  /** Without keys or endpoint the AWS SDK uses its own chain of credentials and AWS's address. */
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
        socketTimeout: IDLE_TIMEOUT_MS,
      },
    });
    renewWhenDenied(this.#client);
  }

  close(): void {
    this.#client.destroy();
  }

  /**
   * Writes one version under COMPLIANCE lock. S3 keeps the date to the second: give whole ones.
   *
   * @throws RuntimeError BUCKET_NOT_VERSIONED
   */
  async putLocked(object: LockedObject): Promise<PutOutcome> {
    const { key, body, sha256, retainUntil, ifNoneMatch } = object;
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
      if (versionId && versionId !== 'null') return { outcome: 'written', versionId };
    } catch (cause) {
      if (statusOf(cause) === 412) return { outcome: 'exists' };
      if (CONFLICTS.includes(nameOf(cause))) return { outcome: 'conflict' };
      throw this.#error('PutObject', key, cause);
    }
    const message = `${this.#where(key)}: the write got no version id, so the bucket is not versioned: use one with versioning and Object Lock`;
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
      const { ChecksumSHA256: checksum, ContentLength: size = 0 } = answer;
      const lock = lockOf(answer);
      return {
        checksumSha256: checksum === undefined ? null : Buffer.from(checksum, 'base64'),
        size,
        // versitygw tells the lock of the latest version only; AWS hides it from some roles.
        ...(lock.mode === null ? await this.#retention(key, versionId) : lock),
      };
    } catch (cause) {
      if (isGone(cause)) return null;
      throw versionError('HeadObject', this.#where(key), cause);
    }
  }

  async #retention(key: string, versionId: string): Promise<Lock> {
    try {
      const get = new GetObjectRetentionCommand(this.#version(key, versionId));
      const { Retention } = await this.#client.send(get);
      return { mode: Retention?.Mode ?? null, retainUntil: Retention?.RetainUntilDate ?? null };
    } catch (cause) {
      // A version without a lock, or a bucket without Object Lock.
      if (/^(NoSuchObjectLockConfiguration|InvalidRequest)$/.test(nameOf(cause))) {
        return { mode: null, retainUntil: null };
      }
      throw versionError('GetObjectRetention', this.#where(key), cause);
    }
  }

  /**
   * The bytes of one version; null when there is none, or it is a delete marker. AWS tells the lock
   * as well; where `mode` is null (always with versitygw) ask headVersion before calling it unlocked.
   *
   * @param limit most bytes that are read
   * @throws RuntimeError OBJECT_TOO_LARGE
   */
  async getVersion(key: string, versionId: string, limit: number): Promise<VersionBytes | null> {
    try {
      const answer = await this.#client.send(new GetObjectCommand(this.#version(key, versionId)));
      const chunks: Uint8Array[] = [];
      let size = 0;
      // A throw inside this loop destroys the stream, and with it the rest of the download.
      for await (const chunk of answer.Body as AsyncIterable<Uint8Array>) {
        size += chunk.length;
        if (size > limit) {
          const message = `${this.#where(key)}: ${answer.ContentLength} bytes, more than the ${limit} that are read`;
          throw new RuntimeError('OBJECT_TOO_LARGE', message);
        }
        chunks.push(chunk);
      }
      return { bytes: Buffer.concat(chunks, size), ...lockOf(answer) };
    } catch (cause) {
      if (isGone(cause)) return null;
      throw versionError('GetObject', this.#where(key), cause);
    }
  }

  /**
   * All versions and delete markers below a prefix: keys ascend by their UTF-8 bytes, those of one
   * key come together, in no order among themselves.
   *
   * @param pageSize 2 to 1000 a request
   * @throws RuntimeError S3_BAD_ANSWER
   */
  listVersions(prefix: string, pageSize = 1000): AsyncGenerator<ListedVersion> {
    const request = { Bucket: this.region.bucket, Prefix: prefix, MaxKeys: pageSize };
    return listPages(this.#client, request, this.#where(prefix));
  }

  /** Changes a version's lock: the archiver raises it, `doctor` tries what must be refused. */
  async putRetention(
    key: string,
    versionId: string,
    mode: LockMode,
    retainUntil: Date,
  ): Promise<void> {
    const Retention = { Mode: mode, RetainUntilDate: retainUntil };
    try {
      await this.#client.send(
        new PutObjectRetentionCommand({ ...this.#version(key, versionId), Retention }),
      );
    } catch (cause) {
      throw this.#error('PutObjectRetention', key, cause);
    }
  }

  /** Deletes one version for good, or without one adds a delete marker. For trying attacks only. */
  async deleteVersion(key: string, versionId?: string): Promise<void> {
    const { bucket: Bucket } = this.region;
    const target = versionId ? this.#version(key, versionId) : { Bucket, Key: key };
    try {
      await this.#client.send(new DeleteObjectCommand(target));
    } catch (cause) {
      throw this.#error('DeleteObject', key, cause);
    }
  }

  /** Whether the bucket can keep what it is given. */
  async bucketState(): Promise<BucketState> {
    const { bucket: Bucket } = this.region;
    try {
      const { Status } = await this.#client.send(new GetBucketVersioningCommand({ Bucket }));
      return { versioning: Status ?? 'Off', objectLock: await this.#hasObjectLock() };
    } catch (cause) {
      throw this.#error('GetBucketVersioning', '', cause);
    }
  }

  async #hasObjectLock(): Promise<boolean> {
    const { bucket: Bucket } = this.region;
    try {
      const answer = await this.#client.send(new GetObjectLockConfigurationCommand({ Bucket }));
      return answer.ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled';
    } catch (cause) {
      if (nameOf(cause) === 'ObjectLockConfigurationNotFoundError') return false;
      throw this.#error('GetObjectLockConfiguration', '', cause);
    }
  }

  #version(key: string, versionId: string) {
    return { Bucket: this.region.bucket, Key: key, VersionId: versionId };
  }

  #where(key: string): string {
    return `region ${this.region.name}, bucket ${this.region.bucket}${key === '' ? '' : `, ${key}`}`;
  }

  #error(operation: string, key: string, cause: unknown): RuntimeError {
    return s3Error(operation, this.#where(key), cause);
  }
}

/**
 * The SDK asks its chain for credentials again when the date they came with is near, and never
 * because S3 refused them: those that were revoked early would be used until that date.
 */
function renewWhenDenied(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (request) => {
      try {
        return await next(request);
      } catch (cause) {
        // Of the two errors, that of the request is the one to tell.
        if (isDenied(cause))
          await client.config.credentials({ forceRefresh: true }).catch(() => {});
        throw cause;
      }
    },
    { step: 'initialize' },
  );
}

const lockOf = (answer: {
  ObjectLockMode?: LockMode | undefined;
  ObjectLockRetainUntilDate?: Date | undefined;
}): Lock => ({
  mode: answer.ObjectLockMode ?? null,
  retainUntil: answer.ObjectLockRetainUntilDate ?? null,
});
