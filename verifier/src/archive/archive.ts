/** What the verifier asks of a region: to list, and to read by version. `Bucket` of the runtime is one. */
import type { ListedVersion, Lock, VersionBytes } from '@authseal/runtime';

export interface Archive {
  readonly region: {
    readonly name: string;
    /** What all keys of this region begin with: empty, or ending in `/`. */
    readonly prefix: string;
  };
  /** All versions and delete markers below a prefix: keys ascend, those of one key come together. */
  listVersions(prefix: string): AsyncIterable<ListedVersion>;
  /**
   * The lock of a version; null when the version is gone.
   * @throws RuntimeError S3_VERSION_REFUSED when the store gives others, but not this one
   */
  headVersion(key: string, versionId: string): Promise<Lock | null>;
  /**
   * The bytes of a version, and its lock if the store tells it here; null when the version is gone.
   * @throws RuntimeError OBJECT_TOO_LARGE above `limit` bytes, S3_VERSION_REFUSED
   */
  getVersion(key: string, versionId: string, limit: number): Promise<VersionBytes | null>;
}
