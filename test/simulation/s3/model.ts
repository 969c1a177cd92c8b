/**
 * What S3 promises, as far as Authseal relies on it: versions that stay, one newest, conditional
 * puts, locks that nobody shortens, and reads that see every write that was answered.
 */
import { createHash } from 'node:crypto';
import { S3ServiceException } from './errors.ts';

export type Version = {
  readonly versionId: string;
  readonly body: Buffer;
  readonly isDeleteMarker: boolean;
  readonly checksum: string | null;
  mode: 'COMPLIANCE' | null;
  retainUntil: Date | null;
};

export type NewVersion = Omit<Version, 'versionId'>;

export class BucketModel {
  /** By key; the newest first. */
  readonly versions = new Map<string, Version[]>();
  /** Takes objects and forgets their locks: what the check after each write is for. */
  isForgetful = false;
  /** A condition fails on a delete marker too (versitygw), or only on an object (AWS). */
  doMarkersCount = false;
  #count = 0;

  of(key: string): readonly Version[] {
    return this.versions.get(key) ?? [];
  }

  /** Writes a version, by whomever. */
  add(key: string, version: NewVersion): string {
    this.#count += 1;
    const versionId = `version-${this.#count}`;
    this.versions.set(key, [{ ...version, versionId }, ...this.of(key)]);
    return versionId;
  }

  put(key: string, version: NewVersion, isConditional: boolean): string {
    const newest = this.of(key)[0];
    const isTaken = newest !== undefined && (this.doMarkersCount || !newest.isDeleteMarker);
    if (isConditional && isTaken) {
      throw new S3ServiceException('PreconditionFailed', 412);
    }
    if (version.checksum !== null && version.checksum !== sha256(version.body)) {
      throw new S3ServiceException('BadDigest', 400);
    }
    const lock = this.isForgetful ? { mode: null, retainUntil: null } : {};
    return this.add(key, { ...version, ...lock });
  }

  /** By version, or without one the newest. */
  find(key: string, versionId: string | undefined): Version {
    const found = this.of(key).find(
      (each) => versionId === undefined || each.versionId === versionId,
    );
    if (found === undefined) throw new S3ServiceException('NotFound', 404);
    if (found.isDeleteMarker) {
      throw new S3ServiceException('MethodNotAllowed', versionId === undefined ? 404 : 405);
    }
    return found;
  }

  retain(key: string, versionId: string, until: Date): void {
    const version = this.find(key, versionId);
    if (version.mode === 'COMPLIANCE' && until < (version.retainUntil ?? 0)) {
      throw new S3ServiceException('AccessDenied', 403);
    }
    version.mode = 'COMPLIANCE';
    version.retainUntil = until;
  }
}

export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('base64');
