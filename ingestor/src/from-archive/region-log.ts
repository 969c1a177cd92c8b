/**
 * One log as one region holds it, looked at from its end. Versions are listed, not only the latest of
 * each key, for one may have been laid over a batch, or a delete marker. What an object is, its bytes
 * and the public keys say; its key only says where to look first.
 */
import {
  type DeploymentKeys,
  encodeBase64,
  logPrefix,
  MAX_OBJECT,
  parseObjectKey,
} from '@authseal/ledger';
import type { Bucket, ListedVersion } from '@authseal/runtime';
import { type OurBatch, readOurBatch } from '../our-batch.ts';

export type Region = Pick<Bucket, 'region' | 'listVersions' | 'getVersion'>;

/** An authentic batch in a region. */
export type ArchivedBatch = OurBatch & {
  /** SHA-256 of its header, base64. */
  readonly hash: string;
  /** Name of the region. */
  readonly region: string;
};

/** What lies under one number: authentic batches, of different headers each, and how much else. */
export type AtNumber = {
  readonly number: number;
  readonly batches: readonly ArchivedBatch[];
  readonly others: number;
};

export class RegionLog {
  readonly #region: Region;
  readonly #origin: string;
  readonly #keys: DeploymentKeys;
  readonly #window: number;

  /** @param window numbers that are kept of one listing, at least */
  constructor(region: Region, origin: string, keys: DeploymentKeys, window = WINDOW) {
    this.#region = region;
    this.#origin = origin;
    this.#keys = keys;
    this.#window = window;
  }

  get name(): string {
    return this.#region.region.name;
  }

  /** All numbers that there are objects under, highest first. @throws RuntimeError */
  async *fromTheEnd(): AsyncGenerator<AtNumber> {
    for (let below = Number.POSITIVE_INFINITY; ; ) {
      const found = await this.#highestBelow(below);
      const numbers = [...found.keys()].sort((a, b) => b - a);
      for (const number of numbers) yield this.#read(number, found.get(number) as ListedVersion[]);
      if (numbers.length === 0) return;
      below = numbers.at(-1) as number;
    }
  }

  /** The authentic batches under these numbers. @throws RuntimeError */
  async at(numbers: ReadonlySet<number>): Promise<ArchivedBatch[]> {
    const found = new Map<number, ListedVersion[]>();
    for await (const [number, version] of this.#versions()) {
      if (numbers.has(number)) add(found, number, version);
    }
    const read = await Promise.all([...found].map(([number, list]) => this.#read(number, list)));
    return read.flatMap(({ batches }) => batches);
  }

  /** The versions under the highest numbers below this one: a log may have more than memory takes. */
  async #highestBelow(below: number): Promise<Map<number, ListedVersion[]>> {
    const found = new Map<number, ListedVersion[]>();
    let lowest = 0;
    for await (const [number, version] of this.#versions()) {
      if (number >= below || number < lowest) continue;
      add(found, number, version);
      if (found.size <= 2 * this.#window) continue;
      const kept = [...found.keys()].sort((a, b) => b - a).slice(0, this.#window);
      lowest = kept.at(-1) as number;
      for (const each of found.keys()) if (each < lowest) found.delete(each);
    }
    return found;
  }

  async *#versions(): AsyncGenerator<[number, ListedVersion]> {
    const [, topic, partition] = this.#origin.split('/') as [string, string, string];
    const { prefix } = this.#region.region;
    for await (const version of this.#region.listVersions(
      logPrefix(prefix, topic, Number(partition)),
    )) {
      const number = parseObjectKey(prefix, version.key)?.batch;
      if (number !== undefined && !version.deleteMarker) yield [number, version];
    }
  }

  /** Oldest first: of several objects of one batch, the archiver's own is the one that was there before. */
  async #read(number: number, versions: readonly ListedVersion[]): Promise<AtNumber> {
    const batches = new Map<string, ArchivedBatch>();
    let others = 0;
    const byAge = versions.toSorted((a, b) => a.lastModified.getTime() - b.lastModified.getTime());
    for (const { key, versionId, size } of byAge) {
      // One more than is read would be refused anyway.
      const got =
        size > MAX_OBJECT ? null : await this.#region.getVersion(key, versionId, MAX_OBJECT);
      const ours = got && readOurBatch(got.bytes, this.#origin, this.#keys);
      if (ours === null || ours.header.batch !== number) {
        others += 1;
        continue;
      }
      const hash = encodeBase64(ours.headerHash);
      // The same header may have been signed once more, with a key that was retired.
      if ((batches.get(hash)?.signers.at(-1) ?? -1) >= (ours.signers.at(-1) as number)) continue;
      batches.set(hash, { ...ours, hash, region: this.name });
    }
    return { number, batches: [...batches.values()], others };
  }
}

/** Numbers kept of one listing. */
const WINDOW = 1000;

function add(found: Map<number, ListedVersion[]>, number: number, version: ListedVersion): void {
  const list = found.get(number);
  if (list === undefined) found.set(number, [version]);
  else list.push(version);
}
