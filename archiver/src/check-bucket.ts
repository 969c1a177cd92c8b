/** Whether a bucket can keep what it is given. */
import type { Bucket } from '@authseal/runtime';
import { ArchiverError } from './error.ts';

/** @throws ArchiverError BUCKET_UNSUITABLE; RuntimeError when S3 fails */
export async function checkBucket(store: Pick<Bucket, 'bucketState' | 'region'>): Promise<true> {
  const { versioning, objectLock } = await store.bucketState();
  if (versioning === 'Enabled' && objectLock) return true;
  const { name, bucket } = store.region;
  throw new ArchiverError(
    'BUCKET_UNSUITABLE',
    `Region ${name}, bucket ${bucket}: versioning is ${versioning} and Object Lock is ${objectLock ? 'on' : 'off'}; both must be on, or nothing there is safe. Create a bucket with Object Lock, which brings versioning with it.`,
  );
}
