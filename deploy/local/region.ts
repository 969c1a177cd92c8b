/** A region: an S3 endpoint, a bucket in it, and who may use it. */
import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  GetObjectLockConfigurationCommand,
  HeadBucketCommand,
  S3Client,
} from '@aws-sdk/client-s3';

/** The bucket of each region of the local stack; each region has a server of its own. */
const BUCKET = 'authseal';

export type Region = {
  /** The name that requests are signed for, e.g. `eu-central-1`. */
  name: string;
  /** An http URL. */
  endpoint: string;
  bucket: string;
  /** Put before each object key; empty or ending in a slash. */
  prefix: string;
  accessKeyId: string;
  secretAccessKey: string;
};

/** A region of the local stack, with credentials made up for it. */
export function newRegion(name: string, endpoint: string): Region {
  return {
    name,
    endpoint,
    bucket: BUCKET,
    prefix: '',
    accessKeyId: randomBytes(10).toString('hex').toUpperCase(),
    secretAccessKey: randomBytes(30).toString('base64url'),
  };
}

/** Creates the region's bucket, with Object Lock and versioning, unless it is there. */
export async function createBucket(region: Region): Promise<void> {
  const s3 = s3Client(region);
  try {
    await s3.send(new HeadBucketCommand({ Bucket: region.bucket }));
  } catch {
    await s3.send(
      // Object Lock brings versioning with it, as in S3.
      new CreateBucketCommand({ Bucket: region.bucket, ObjectLockEnabledForBucket: true }),
    );
  } finally {
    s3.destroy();
  }
}

/** Resolves when the region's bucket answers, rejects with its error otherwise. */
export async function bucketAnswers(region: Region): Promise<void> {
  const s3 = s3Client(region);
  try {
    await s3.send(new GetObjectLockConfigurationCommand({ Bucket: region.bucket }));
  } finally {
    s3.destroy();
  }
}

function s3Client(region: Region): S3Client {
  return new S3Client({
    region: region.name,
    endpoint: region.endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: region.accessKeyId, secretAccessKey: region.secretAccessKey },
  });
}
