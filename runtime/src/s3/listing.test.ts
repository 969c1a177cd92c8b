/** Lists of a store that pages as it likes; test/conformance/s3.test.ts lists a real one. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listPages } from './listing.ts';

type Version = readonly [key: string, versionId: string];
type Page = { readonly versions: readonly Version[]; readonly next?: Version };

let server: Server;
let client: S3Client;
/** Page by page; the last again and again. */
let pages: Page[];

beforeEach(async () => {
  server = createServer((_, response) => {
    const page = (pages.length > 1 ? pages.shift() : pages[0]) as Page;
    response.setHeader('content-type', 'application/xml').end(toXml(page));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new S3Client({
    region: 'test',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forcePathStyle: true,
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
  });
});
afterEach(async () => {
  client.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function toXml({ versions, next }: Page): string {
  const entries = versions.map(
    ([key, id]) => `<Version><Key>${key}</Key><VersionId>${id}</VersionId><Size>1</Size></Version>`,
  );
  const end = next
    ? `<IsTruncated>true</IsTruncated><NextKeyMarker>${next[0]}</NextKeyMarker><NextVersionIdMarker>${next[1]}</NextVersionIdMarker>`
    : '<IsTruncated>false</IsTruncated>';
  return `<ListVersionsResult>${end}${entries.join('')}</ListVersionsResult>`;
}

async function list(...given: Page[]): Promise<Version[]> {
  pages = given;
  const found: Version[] = [];
  const request = { Bucket: 'bucket', Prefix: '', MaxKeys: 2 };
  for await (const { key, versionId } of listPages(client, request, 'here')) {
    found.push([key, versionId]);
  }
  return found;
}

const A1 = ['a', '1'] as const;
const A2 = ['a', '2'] as const;
const B1 = ['b', '1'] as const;
const REFUSED = { code: 'S3_BAD_ANSWER', message: expect.stringContaining('would never end') };

describe('a list of versions', () => {
  it('goes on from page to page, also within the versions of one key', async () => {
    const found = await list(
      { versions: [A2], next: A2 },
      { versions: [A1], next: A1 },
      { versions: [B1] },
    );
    expect(found).toEqual([A2, A1, B1]);
  });

  it('tolerates the marked version at the begin of the next page', async () => {
    expect(await list({ versions: [A2], next: A2 }, { versions: [A2, A1] })).toEqual([A2, A1]);
  });

  it.each([
    ['stands', [A1, A1]],
    ['goes back to an earlier key', [B1, A1]],
    ['goes round between two versions', [A1, A2, A1]],
    ['goes round between two keys', [A1, B1, A1]],
  ])('is refused when it %s', async (_, markers) => {
    const endless = markers.map((next) => ({ versions: [], next }));
    await expect(list(...endless)).rejects.toMatchObject(REFUSED);
  });
});
