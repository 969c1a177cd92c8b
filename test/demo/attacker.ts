/**
 * What somebody with the store's own root credentials can do to an object, by plain S3 requests.
 * Each attempt resolves with the server's answer.
 */

import type { Region } from '@authseal/deploy/local';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';

/** A version of an object. */
export type Version = { key: string; versionId: string };

/** `status` is that of HTTP; `text` what the server said, if it was an error. */
export type ServerAnswer = { status: number; text: string };

/** A forged batch keeps its length and most of its bytes. */
export function tamper(bytes: Buffer): Buffer {
  const forged = Buffer.from(bytes);
  const middle = forged.length >> 1;
  forged.writeUInt8(forged.readUInt8(middle) ^ 0xff, middle);
  return forged;
}

export class Attacker {
  readonly #s3: S3Client;
  readonly #bucket: string;

  constructor({ name, endpoint, bucket, accessKeyId, secretAccessKey }: Region) {
    this.#bucket = bucket;
    this.#s3 = new S3Client({
      region: name,
      endpoint,
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
    });
  }

  leave(): void {
    this.#s3.destroy();
  }

  /** For good; with the header that lets an administrator pass a GOVERNANCE lock. */
  deleteVersion({ key, versionId }: Version): Promise<ServerAnswer> {
    const target = { Bucket: this.#bucket, Key: key, VersionId: versionId };
    const remove = new DeleteObjectCommand({ ...target, BypassGovernanceRetention: true });
    return answerOf(this.#s3.send(remove));
  }

  setLock(
    { key, versionId }: Version,
    mode: 'COMPLIANCE' | 'GOVERNANCE',
    retainUntil: Date,
  ): Promise<ServerAnswer> {
    const target = { Bucket: this.#bucket, Key: key, VersionId: versionId };
    const lock = { Mode: mode, RetainUntilDate: retainUntil };
    const change = { ...target, Retention: lock, BypassGovernanceRetention: true };
    return answerOf(this.#s3.send(new PutObjectRetentionCommand(change)));
  }

  /** A delete without a version: S3 puts a delete marker above the object. */
  hide(key: string): Promise<ServerAnswer> {
    return answerOf(this.#s3.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key })));
  }

  /** A put without a version: S3 stores a newer one. */
  overwrite(key: string, bytes: Buffer): Promise<ServerAnswer> {
    const put = { Bucket: this.#bucket, Key: key, Body: bytes };
    return answerOf(this.#s3.send(new PutObjectCommand(put)));
  }

  /** What a reader gets who does not ask for a version. */
  async readCurrent(key: string): Promise<ServerAnswer & { bytes: Buffer | null }> {
    const get = this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
    const answer = await answerOf(get);
    const body = answer.status === 200 ? await (await get).Body?.transformToByteArray() : undefined;
    return { ...answer, bytes: body === undefined ? null : Buffer.from(body) };
  }
}

async function answerOf(
  request: Promise<{ $metadata: { httpStatusCode?: number | undefined } }>,
): Promise<ServerAnswer> {
  try {
    const { $metadata } = await request;
    return { status: $metadata.httpStatusCode ?? 0, text: 'done' };
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    const { name, message, $metadata } = error;
    return { status: $metadata.httpStatusCode ?? 0, text: message || name };
  }
}
