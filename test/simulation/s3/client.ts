/**
 * In the place of @aws-sdk/client-s3: runtime's Bucket runs as it is, and what it would send goes to
 * the model.
 */
import { theWorld } from '../world.ts';
import { S3ServiceException } from './errors.ts';
import type { BucketModel } from './model.ts';

export { S3ServiceException };

let bucket: BucketModel | null = null;

export function useBucket(next: BucketModel | null): void {
  bucket = next;
}

type Input = {
  Key: string;
  VersionId?: string;
  Prefix: string;
  Body: Uint8Array;
  ChecksumSHA256?: string;
  ObjectLockMode?: 'COMPLIANCE';
  ObjectLockRetainUntilDate?: Date;
  IfNoneMatch?: '*';
  Retention: { RetainUntilDate: Date };
};

abstract class Command {
  readonly input: Input;
  constructor(input: Input) {
    this.input = input;
  }
  abstract readonly name: string;
  abstract run(bucket: BucketModel): object;
}

export class PutObjectCommand extends Command {
  readonly name = 'PutObject';
  run(bucket: BucketModel) {
    const { Key, Body, ChecksumSHA256, ObjectLockMode, ObjectLockRetainUntilDate } = this.input;
    const version = {
      body: Buffer.from(Body),
      isDeleteMarker: false,
      checksum: ChecksumSHA256 ?? null,
      mode: ObjectLockMode ?? null,
      retainUntil: ObjectLockRetainUntilDate ?? null,
    };
    return { VersionId: bucket.put(Key, version, this.input.IfNoneMatch === '*') };
  }
}

export class HeadObjectCommand extends Command {
  readonly name = 'HeadObject';
  run(bucket: BucketModel) {
    const { body, checksum, mode, retainUntil } = bucket.find(this.input.Key, this.input.VersionId);
    return {
      ContentLength: body.length,
      ChecksumSHA256: checksum ?? undefined,
      ObjectLockMode: mode ?? undefined,
      ObjectLockRetainUntilDate: retainUntil ?? undefined,
    };
  }
}

export class GetObjectCommand extends Command {
  readonly name = 'GetObject';
  run(bucket: BucketModel) {
    const { body } = bucket.find(this.input.Key, this.input.VersionId);
    return { ContentLength: body.length, Body: oneChunk(body) };
  }
}

async function* oneChunk(body: Buffer): AsyncGenerator<Buffer> {
  yield body;
}

export class GetObjectRetentionCommand extends Command {
  readonly name = 'GetObjectRetention';
  run(bucket: BucketModel) {
    const { mode, retainUntil } = bucket.find(this.input.Key, this.input.VersionId);
    if (mode === null) throw new S3ServiceException('NoSuchObjectLockConfiguration', 404);
    return { Retention: { Mode: mode, RetainUntilDate: retainUntil } };
  }
}

export class PutObjectRetentionCommand extends Command {
  readonly name = 'PutObjectRetention';
  run(bucket: BucketModel) {
    const { Key, VersionId, Retention } = this.input;
    bucket.retain(Key, VersionId as string, Retention.RetainUntilDate);
    return {};
  }
}

export class ListObjectVersionsCommand extends Command {
  readonly name = 'ListObjectVersions';
  run(bucket: BucketModel) {
    const keys = [...bucket.versions.keys()].filter((key) => key.startsWith(this.input.Prefix));
    const all = keys.sort().flatMap((Key) =>
      bucket.of(Key).map(({ versionId: VersionId, body, isDeleteMarker }, i) => {
        return { Key, VersionId, IsLatest: i === 0, Size: body.length, isDeleteMarker };
      }),
    );
    return {
      Versions: all.filter(({ isDeleteMarker }) => !isDeleteMarker),
      DeleteMarkers: all.filter(({ isDeleteMarker }) => isDeleteMarker),
      IsTruncated: false,
    };
  }
}

/** Of the requests that the simulation never makes. */
class UnusedCommand extends Command {
  readonly name = 'Unused';
  run(): object {
    throw new Error('the simulation does not know this request');
  }
}

export {
  UnusedCommand as DeleteObjectCommand,
  UnusedCommand as GetBucketVersioningCommand,
  UnusedCommand as GetObjectLockConfigurationCommand,
};

export class S3Client {
  /** Of what Bucket puts between itself and S3: credentials, which nobody has here. */
  readonly middlewareStack = { add() {} };

  send(command: Command): Promise<object> {
    const model = bucket;
    if (model === null) throw new Error('no bucket is there');
    return theWorld().request(command.name, failuresOf(command), () => command.run(model));
  }

  destroy(): void {}
}

const failuresOf = (command: Command) => ({
  // 409 is the answer to a put beside another one of the same key.
  refused: () =>
    command instanceof PutObjectCommand && theWorld().random.chance(0.5)
      ? new S3ServiceException('ConditionalRequestConflict', 409)
      : new S3ServiceException('SlowDown', 503),
  unanswered: () => Object.assign(new Error('socket hang up'), { name: 'TimeoutError' }),
  odd: () => new S3ServiceException('InternalError', 500),
});
