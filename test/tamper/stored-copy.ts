/** A sealed archive on real S3 regions, and the `authseal` command run on it. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { type Region, type Servers, startServers, toEnvironment } from '@authseal/deploy/local';
import { sha256 } from '@authseal/ledger';
import { Bucket } from '@authseal/runtime';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type CopiedObject, keyFile, producerFile } from './sealed-copy.ts';

const AUTHSEAL = new URL('../../verifier/src/cli/main.ts', import.meta.url).pathname;

/** Two regions, and a directory for the files of a test. */
export class Place {
  readonly servers: Servers;
  readonly directory: string;

  private constructor(servers: Servers) {
    this.servers = servers;
    this.directory = mkdtempSync(`${tmpdir()}/authseal-tamper-`);
    writeFileSync(`${this.directory}/keys`, keyFile);
    writeFileSync(`${this.directory}/producers`, producerFile);
  }

  static async begin(): Promise<Place> {
    return new Place(await startServers());
  }

  async end(): Promise<void> {
    rmSync(this.directory, { recursive: true, force: true });
    await this.servers.stop();
  }
}

/** A copy of an archive in both regions, below a prefix of its own. */
export class StoredCopy {
  readonly regions: Region[];
  readonly #place: Place;

  constructor(place: Place) {
    const prefix = `${randomUUID()}/`;
    this.#place = place;
    this.regions = place.servers.regions.map((region) => ({ ...region, prefix }));
  }

  /** For files of a test. */
  get directory(): string {
    return this.#place.directory;
  }

  /** Where the regions' servers keep their files. */
  get dataDirectory(): string {
    return this.#place.servers.directory;
  }

  /** As the archiver does, in one region or in all. */
  async store(objects: readonly CopiedObject[], which?: number): Promise<void> {
    const regions = which === undefined ? this.regions : [this.regions[which] as Region];
    for (const region of regions) {
      const bucket = new Bucket(region);
      for (const { name, bytes, header, lockUntil = header.retainUntil } of objects) {
        await bucket.putLocked({
          key: region.prefix + name,
          body: bytes,
          sha256: sha256(bytes),
          retainUntil: new Date(lockUntil),
          ifNoneMatch: false,
        });
      }
      bucket.close();
    }
  }

  /** What somebody with write access can do: an object without a lock. */
  async write(which: number, { name, bytes }: Pick<CopiedObject, 'name' | 'bytes'>): Promise<void> {
    await this.#as(which, (s3, Bucket, prefix) =>
      s3.send(new PutObjectCommand({ Bucket, Key: prefix + name, Body: bytes })),
    );
  }

  /** Under a lock that an administrator can lift. */
  async govern(which: number, { name, bytes, header }: CopiedObject): Promise<void> {
    await this.#as(which, (s3, Bucket, prefix) =>
      s3.send(
        new PutObjectCommand({
          Bucket,
          Key: prefix + name,
          Body: bytes,
          ObjectLockMode: 'GOVERNANCE',
          ObjectLockRetainUntilDate: new Date(header.retainUntil),
          ChecksumAlgorithm: 'SHA256',
        }),
      ),
    );
  }

  /** An ordinary delete. */
  async remove(which: number, { name }: Pick<CopiedObject, 'name'>): Promise<void> {
    await this.#as(which, (s3, Bucket, prefix) =>
      s3.send(new DeleteObjectCommand({ Bucket, Key: prefix + name })),
    );
  }

  async #as(
    which: number,
    act: (s3: S3Client, bucket: string, prefix: string) => Promise<unknown>,
  ): Promise<void> {
    const { name, endpoint, accessKeyId, secretAccessKey, bucket, prefix } = this.regions[
      which
    ] as Region;
    const credentials = { accessKeyId, secretAccessKey };
    const s3 = new S3Client({ region: name, endpoint, credentials, forcePathStyle: true });
    await act(s3, bucket, prefix).finally(() => s3.destroy());
  }

  /** Runs `authseal` on this copy. */
  async authseal(...args: string[]): Promise<{ status: number; out: string; err: string }> {
    const { kafkaBrokers } = this.#place.servers;
    const child = spawn(process.execPath, [AUTHSEAL, ...args], {
      env: {
        PATH: process.env.PATH,
        ...toEnvironment({ kafkaBrokers, regions: this.regions }),
        AUTHSEAL_KEYS: `${this.directory}/keys`,
        AUTHSEAL_PRODUCERS: `${this.directory}/producers`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err, [status]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit') as Promise<[number]>,
    ]);
    return { status, out, err };
  }

  /** `authseal verify --json`, its report parsed. */
  async verify(...flags: string[]) {
    const { status, out } = await this.authseal('verify', '--json', ...flags);
    return { status, report: JSON.parse(out) };
  }
}
