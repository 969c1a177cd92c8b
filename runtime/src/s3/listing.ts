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
    const stands =
      next.KeyMarker === after.KeyMarker && next.VersionIdMarker === after.VersionIdMarker;
    if (!next.KeyMarker || stands) {
      const message = `${where}: the list of versions does not go on from ${JSON.stringify(next)}: this store does not page its lists as S3 does`;
      throw new RuntimeError('S3_BAD_ANSWER', message);
    }
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
  return [...versions, ...markers].sort((a, b) =>
    Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)),
  );
}

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
