/**
 * A copy of a part of an archive in a directory:
 *
 *     <directory>/topic=…/partition=…/date=…/<batch>.avro   the objects, byte for byte
 *     <directory>/manifest.json                             written last: its presence says that all is there
 *
 * Any Avro reader reads the objects, and `sha256sum` and the checkpoints in the manifest prove them.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { objectKey } from '@authseal/ledger';
import { VerifierError } from '../error.ts';
import type { SignedBatch } from '../verify/object.ts';
import { timeText } from '../verify/scope.ts';
import { writeFailure } from './write-failure.ts';

type PulledObject = {
  /** Below the directory. */
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly origin: string;
  readonly batch: number;
  /** RFC 3339, as retainUntil. */
  readonly sealedAt: string;
  readonly retainUntil: string;
};

/** The last checkpoint of a log: a signed note (C2SP tlog-checkpoint), as text. */
type PulledCheckpoint = { readonly origin: string; readonly note: string };

export class PulledCopy {
  readonly #directory: string;
  readonly #objects: PulledObject[] = [];
  readonly #notes = new Map<string, string>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws VerifierError TARGET_EXISTS when something is in the directory; USAGE, WRITE_FAILED when there can be none */
  static async begin(directory: string): Promise<PulledCopy> {
    await makeDirectory(directory);
    if ((await readdir(directory)).length > 0) {
      throw new VerifierError(
        'TARGET_EXISTS',
        `${directory} is not empty, and nothing is overwritten. Name a directory that is new or empty.`,
      );
    }
    return new PulledCopy(directory);
  }

  /** @throws VerifierError WRITE_FAILED, as when the disk is full */
  async add({ batch: { header, note }, bytes }: SignedBatch): Promise<void> {
    const path = objectKey('', header);
    const file = join(this.#directory, path);
    await makeDirectory(dirname(file));
    await writeNew(file, bytes);
    this.#objects.push({
      path,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      size: bytes.length,
      origin: header.origin,
      batch: header.batch,
      sealedAt: timeText(header.sealedAt),
      retainUntil: timeText(header.retainUntil),
    });
    this.#notes.set(header.origin, note.toString());
  }

  /**
   * Writes the manifest; `about` stands before the lists.
   * @throws VerifierError WRITE_FAILED
   */
  async finish(about: Readonly<Record<string, unknown>>): Promise<{ objects: number }> {
    const checkpoints = [...this.#notes].map(
      ([origin, note]): PulledCheckpoint => ({ origin, note }),
    );
    const manifest = { ...about, checkpoints, objects: this.#objects };
    const file = join(this.#directory, 'manifest.json');
    await writeNew(file, `${JSON.stringify(manifest, null, 2)}\n`);
    return { objects: this.#objects.length };
  }
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause) => {
    throw writeFailure(path, cause);
  });
}

async function writeNew(file: string, content: Buffer | string): Promise<void> {
  await writeFile(file, content, { flag: 'wx' }).catch((cause) => {
    throw writeFailure(file, cause);
  });
}
