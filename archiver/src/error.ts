/** What the archiver refuses or raises the alarm about. Each is logged and counted by its code. */
export type ArchiverErrorCode =
  /** Start: the key file is of another deployment than AUTHSEAL_DEPLOYMENT. Remedy: give the file of this deployment. */
  | 'KEYS_OF_ANOTHER_DEPLOYMENT'
  /** Start, or stops the partition: the bucket has no versioning or no Object Lock, so it cannot keep anything. Remedy: create a bucket with Object Lock; it brings versioning with it. */
  | 'BUCKET_UNSUITABLE'
  /** Passed over: a record of the batches topic is no authentic batch of its log, or was written outside a transaction. Remedy: find out who else may write to the topic; if it should have been ours, see whether AUTHSEAL_KEYS has all keys. */
  | 'NOT_OURS'
  /** Stops the partition: batches are missing between the last one archived and the next one in the topic. Remedy: `authseal verify` names them and tells which region has them; `authseal-archiver backfill --from-region <that region>`, then restart this archiver. */
  | 'GAP'
  /** Stops the partition: an authentic batch contradicts what this region holds, so there are two histories. Remedy: stop the ingestor and compare both with `authseal verify`; somebody else holds the signing key, or Kafka was restored from an old copy. */
  | 'FORK'
  /** Stops the partition: the next batch is signed by a key that is not in force at its place, or changes to one that is not the next line of the key file. Remedy: add the new key to AUTHSEAL_KEYS and restart; if there is none, a retired key was stolen. */
  | 'KEY_REFUSED'
  /** Goes on: the log changed to its next key without the old key's signature. Remedy: none, when the old key was lost and somebody decided so; else a key was stolen. */
  | 'KEY_REPLACED'
  /** Stops the partition: a batch asks for a longer lock than AUTHSEAL_MAX_RETENTION. Remedy: when it is meant, raise the maximum; else correct AUTHSEAL_RETENTION of the ingestor. A lock cannot be taken back. */
  | 'RETENTION_TOO_LONG'
  /** Goes on, ours is written as a newer version: the batch's key was taken by something else, or by the same bytes without a sufficient lock. Remedy: find out who else may write to the bucket. */
  | 'KEY_TAKEN'
  /** Goes on, the lock is raised: the batch was in the bucket under a shorter lock than promised. Remedy: find out who else may write to the bucket. */
  | 'LOCK_SHORT'
  /** Stops the partition: the store took a batch and does not show it as it was given: other bytes, no lock, or a shorter one. Remedy: `authseal doctor`; the store is not fit to archive to. */
  | 'NOT_KEPT'
  /** Stops the partition: the batches topic ends before what was already archived from it. Remedy: the topic was created again, and Kafka kept the old place; find out who did, delete the group `<group>-<region>.state` while no archiver of the region runs, and start it: it goes on from what the bucket holds. */
  | 'TOPIC_RECREATED';

/** The one error of this package. `code` is stable; `message` says what, where and what to do. */
export class ArchiverError extends Error {
  override readonly name = 'ArchiverError';
  readonly code: ArchiverErrorCode;

  constructor(code: ArchiverErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
