/** A region in memory: versions, delete markers and locks as S3 keeps them. */
import type { ListedVersion, Lock, VersionBytes } from '@authseal/runtime';
import type { Archive } from '../archive/archive.ts';

type Stored = ListedVersion & Lock & { bytes: Buffer };

export class MemoryArchive implements Archive {
  readonly region: { readonly name: string; readonly prefix: string };
  versions: Stored[] = [];
  #count = 0;

  constructor(name: string, prefix = '') {
    this.region = { name, prefix };
  }

  /** Writes a version; without `until` it has no lock. Returns its id. */
  put(
    name: string,
    bytes: Buffer,
    until: number | null,
    mode: Lock['mode'] = 'COMPLIANCE',
  ): string {
    const lock = until === null ? NO_LOCK : { mode, retainUntil: new Date(until) };
    return this.#push(name, { ...lock, bytes, deleteMarker: false });
  }

  /** What an ordinary delete does. */
  hide(name: string): string {
    return this.#push(name, { ...NO_LOCK, bytes: Buffer.alloc(0), deleteMarker: true });
  }

  /** Removes every version at a key, as nobody can before its lock ends. */
  remove(name: string): void {
    const key = this.region.prefix + name;
    this.versions = this.versions.filter((version) => version.key !== key);
  }

  #push(
    name: string,
    part: Pick<Stored, 'bytes' | 'mode' | 'retainUntil' | 'deleteMarker'>,
  ): string {
    this.#count += 1;
    const key = this.region.prefix + name;
    for (const other of this.versions) if (other.key === key) other.isLatest = false;
    const versionId = `v${this.#count}`;
    const lastModified = new Date(this.#count * 1000);
    const size = part.bytes.length;
    this.versions.push({ key, versionId, isLatest: true, size, lastModified, ...part });
    return versionId;
  }

  async *listVersions(prefix: string): AsyncGenerator<ListedVersion> {
    const listed = this.versions.filter(({ key }) => key.startsWith(prefix));
    yield* listed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  }

  async headVersion(key: string, versionId: string): Promise<Lock | null> {
    return this.#find(key, versionId);
  }

  async getVersion(key: string, versionId: string): Promise<VersionBytes | null> {
    const found = this.#find(key, versionId);
    return found && { bytes: found.bytes, ...NO_LOCK };
  }

  #find(key: string, versionId: string): Stored | null {
    return this.versions.find((v) => v.key === key && v.versionId === versionId) ?? null;
  }
}

const NO_LOCK = { mode: null, retainUntil: null };
