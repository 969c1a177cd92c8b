/** All versions below a prefix, page by page. */
import {
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { RuntimeError } from '../error.ts';
import { s3Error } from './failure.ts';

export interface ListedVersion {
  key: string;
  versionId: string;
  isLatest: boolean;
  /** A delete marker has no bytes and cannot be locked. */
  deleteMarker: boolean;
  /** Bytes; 0 for a delete marker. */
  size: number;
  lastModified: Date;
}

/** Where the next page begins: after this version of this key. */
interface Marker {
  KeyMarker?: string | undefined;
  VersionIdMarker?: string | undefined;
}

/** @param where region and bucket, for errors */
export async function* listPages(
  client: S3Client,
  request: { Bucket: string; Prefix: string; MaxKeys: number },
  where: string,
): AsyncGenerator<ListedVersion> {
  let after: Marker = {};
  /** Version markers at which a page of the present key has begun. */
  let begun = new Set<string | undefined>();
  for (;;) {
    const page = await client
      .send(new ListObjectVersionsCommand({ ...request, ...after }))
      .catch((cause: unknown) => {
        throw s3Error('ListObjectVersions', where, cause);
      });
    // S3 goes on after the marker; versitygw 1.8 sometimes gives the marked version once more.
    yield* versionsOf(page).filter(
      ({ key, versionId }) => key !== after.KeyMarker || versionId !== after.VersionIdMarker,
    );
    if (!page.IsTruncated) return;
    const next = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    // Keys ascend. Versions of one key have no order that their names would show, but none comes twice.
    const step = compare(next.KeyMarker ?? '', after.KeyMarker ?? '');
    if (step < 0 || !next.KeyMarker || (step === 0 && begun.has(next.VersionIdMarker))) {
      const message = `${where}: after the page of versions that begins at ${JSON.stringify(after)} comes one that begins at ${JSON.stringify(next)}, so that the list would never end: this store does not page its lists as S3 does`;
      throw new RuntimeError('S3_BAD_ANSWER', message);
    }
    if (step > 0) begun = new Set();
    begun.add(next.VersionIdMarker);
    after = next;
  }
}

/** The SDK splits a page into versions and delete markers; here they come by key again. */
function versionsOf(page: ListObjectVersionsCommandOutput): ListedVersion[] {
  const versions = (page.Versions ?? []).map((entry) => ({
    ...identify(entry),
    deleteMarker: false,
    size: entry.Size ?? 0,
  }));
  const markers = (page.DeleteMarkers ?? []).map((entry) => ({
    ...identify(entry),
    deleteMarker: true,
    size: 0,
  }));
  return [...versions, ...markers].sort((a, b) => compare(a.key, b.key));
}

/** The order of UTF-8 bytes, as S3 lists. */
const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

const identify = (entry: {
  Key?: string | undefined;
  VersionId?: string | undefined;
  IsLatest?: boolean | undefined;
  LastModified?: Date | undefined;
}) => ({
  key: entry.Key ?? '',
  versionId: entry.VersionId ?? 'null',
  isLatest: entry.IsLatest ?? false,
  lastModified: entry.LastModified ?? new Date(0),
});
