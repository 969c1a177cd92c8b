/** A region's bucket in memory, as far as recovering reads it. */
import { type Header, objectKey } from '@authseal/ledger';
import { type ListedVersion, RuntimeError } from '@authseal/runtime';
import type { Region } from '../from-archive/region-log.ts';

export class MemoryRegion implements Region {
  readonly region;
  /** Cannot be reached. */
  isAway = false;
  readonly #versions: { listed: ListedVersion; bytes: Buffer }[] = [];

  constructor(name: string) {
    this.region = { name, bucket: name, prefix: `${name}/` };
  }

  /** Puts an object under the key of the batch with this header. */
  put(header: Header, bytes: Buffer): void {
    this.#add(objectKey(this.region.prefix, header), bytes, false);
  }

  hide(header: Header): void {
    this.#add(objectKey(this.region.prefix, header), Buffer.alloc(0), true);
  }

  async *listVersions(prefix: string): AsyncGenerator<ListedVersion> {
    this.#answer();
    const listed = this.#versions.map((version) => version.listed);
    yield* listed
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  async getVersion(_: string, versionId: string) {
    this.#answer();
    const found = this.#versions.find(({ listed }) => listed.versionId === versionId);
    return found ? { bytes: found.bytes, mode: null, retainUntil: null } : null;
  }

  #add(key: string, bytes: Buffer, deleteMarker: boolean): void {
    const versionId = `v${this.#versions.length}`;
    const lastModified = new Date(this.#versions.length * 1000);
    const about = { key, versionId, isLatest: false, lastModified };
    this.#versions.push({ listed: { ...about, deleteMarker, size: bytes.length }, bytes });
  }

  #answer(): void {
    if (this.isAway) throw new RuntimeError('S3_FAILED', `${this.region.name} is away`);
  }
}
