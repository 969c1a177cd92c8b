/**
 * A bucket with versioning and Object Lock in memory, for what a real one cannot be made to do: fail
 * on request, lose an answer, crash the caller. What it keeps it keeps as S3 does.
 */

import { sha256 } from '@authseal/ledger';
import type { ListedVersion, LockedObject, LockMode, PutOutcome } from '@authseal/runtime';
import { RuntimeError } from '@authseal/runtime';
import type { Store } from '../store.ts';

export type StoredVersion = {
  versionId: string;
  body: Buffer;
  deleteMarker: boolean;
  checksum: Buffer | null;
  mode: LockMode | null;
  retainUntil: Date | null;
};

/** `before`: fails without effect; `after`: takes effect, its answer is lost. */
export type Fault = 'before' | 'after' | 'conflict' | 'unversioned';
type Operation = keyof Store;

export class MemoryStore implements Store {
  readonly versions = new Map<string, StoredVersion[]>();
  /** Every operation asked for, in order. */
  readonly operations: Operation[] = [];
  /** What the next puts do to the version they write; a store that cheats. */
  cheat: (version: StoredVersion) => void = () => {};
  /** Told of each operation before and after it takes effect; what it throws reaches the caller. */
  interfere: (operation: Operation, moment: 'before' | 'after') => void = () => {};
  /** Resolves when a put may go on. */
  gate: (key: string) => Promise<void> = async () => {};
  readonly #faults: [Operation, Fault][] = [];
  #count = 0;

  /** The next such operations fail so, each once. */
  fail(operation: Operation, ...faults: Fault[]): void {
    for (const fault of faults) this.#faults.push([operation, fault]);
  }

  /** All versions under a key, newest first. */
  of(key: string): StoredVersion[] {
    return this.versions.get(key) ?? [];
  }

  /** A version that somebody wrote. */
  plant(key: string, body: Buffer, mode: LockMode | null = null, until?: number): StoredVersion {
    const retainUntil = until === undefined ? null : new Date(until);
    return this.#add(key, { body, checksum: sha256(body), mode, retainUntil, deleteMarker: false });
  }

  plantDeleteMarker(key: string): void {
    const body = Buffer.alloc(0);
    this.#add(key, { body, checksum: null, mode: null, retainUntil: null, deleteMarker: true });
  }

  async putLocked(object: LockedObject): Promise<PutOutcome> {
    await this.gate(object.key);
    return this.#operate('putLocked', () => {
      const fault = this.#take('putLocked', ['conflict', 'unversioned']);
      if (fault === 'conflict') return { outcome: 'conflict' };
      if (fault === 'unversioned') throw new RuntimeError('BUCKET_NOT_VERSIONED', 'no version id');
      const { key, sha256: checksum, retainUntil, ifNoneMatch } = object;
      const latest = this.of(key)[0];
      if (ifNoneMatch && latest !== undefined && !latest.deleteMarker) return { outcome: 'exists' };
      const version = this.#add(key, {
        body: Buffer.from(object.body),
        checksum: Buffer.from(checksum),
        mode: 'COMPLIANCE',
        retainUntil,
        deleteMarker: false,
      });
      this.cheat(version);
      return { outcome: 'written', versionId: version.versionId };
    });
  }

  async headVersion(key: string, versionId: string) {
    return this.#operate('headVersion', () => {
      const version = this.of(key).find((each) => each.versionId === versionId);
      if (version === undefined || version.deleteMarker) return null;
      const { body, checksum: checksumSha256, mode, retainUntil } = version;
      return { size: body.length, checksumSha256, mode, retainUntil };
    });
  }

  async getVersion(key: string, versionId: string, limit: number) {
    return this.#operate('getVersion', () => {
      const version = this.of(key).find((each) => each.versionId === versionId);
      if (version === undefined || version.deleteMarker) return null;
      if (version.body.length > limit) throw new RuntimeError('OBJECT_TOO_LARGE', key);
      return { bytes: version.body, mode: version.mode, retainUntil: version.retainUntil };
    });
  }

  async *listVersions(prefix: string): AsyncGenerator<ListedVersion> {
    const keys = [...this.versions.keys()].filter((key) => key.startsWith(prefix)).sort();
    const listed = await this.#operate('listVersions', () =>
      keys.flatMap((key) =>
        this.of(key).map(({ versionId, deleteMarker, body }, i) => ({
          ...{ key, versionId, deleteMarker, size: body.length },
          ...{ isLatest: i === 0, lastModified: new Date(0) },
        })),
      ),
    );
    yield* listed;
  }

  async putRetention(key: string, versionId: string, mode: LockMode, until: Date): Promise<void> {
    this.#operate('putRetention', () => {
      const version = this.of(key).find((each) => each.versionId === versionId) as StoredVersion;
      if (version.mode === 'COMPLIANCE' && (version.retainUntil?.getTime() ?? 0) > until.getTime())
        throw new RuntimeError('S3_ACCESS_DENIED', `${key}: a lock cannot be shortened`);
      version.mode = mode;
      version.retainUntil = until;
    });
  }

  #operate<T>(operation: Operation, effect: () => T): T {
    this.operations.push(operation);
    this.interfere(operation, 'before');
    const fault = this.#take(operation, ['before', 'after']);
    if (fault === 'before') throw new RuntimeError('S3_FAILED', `${operation}: 503 SlowDown`);
    const answer = effect();
    this.interfere(operation, 'after');
    if (fault === 'after') throw new RuntimeError('S3_FAILED', `${operation}: 500 InternalError`);
    return answer;
  }

  #take(operation: Operation, faults: Fault[]): Fault | undefined {
    const i = this.#faults.findIndex(
      ([each, fault]) => each === operation && faults.includes(fault),
    );
    return i < 0 ? undefined : this.#faults.splice(i, 1)[0]?.[1];
  }

  #add(key: string, version: Omit<StoredVersion, 'versionId'>): StoredVersion {
    this.#count += 1;
    const stored = { versionId: `v${this.#count}`, ...version };
    this.versions.set(key, [stored, ...this.of(key)]);
    return stored;
  }
}
