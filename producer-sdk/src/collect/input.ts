/** Files, gzip files and standard input as chunks of bytes, in bounded memory. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal, pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ProducerError } from '../error.ts';

/** How standard input is named on the command line. */
const STANDARD_INPUT = '-';

/** The size of an input in bytes as it is stored; null when unknown. */
export async function inputSize(path: string): Promise<number | null> {
  if (path === STANDARD_INPUT) return null;
  const found = await stat(path).catch(() => null);
  return found?.isFile() ? found.size : null;
}

export interface Reading {
  /** Told the number of stored bytes of each chunk. */
  onRead(bytes: number): void;
  /** Ends the reading with UNREADABLE_INPUT, also while nothing arrives. */
  signal: AbortSignal;
}

/**
 * The bytes of an input; what begins as gzip (RFC 1952) is decompressed.
 * @param path a file, or `-` for standard input
 * @throws ProducerError UNREADABLE_INPUT naming the file and how far it was read
 */
export async function* readInput(
  path: string,
  { onRead, signal }: Reading,
): AsyncGenerator<Buffer> {
  let read = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    const stream = path === STANDARD_INPUT ? process.stdin : createReadStream(path);
    addAbortSignal(signal, stream);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      read += chunk.length;
      onRead(chunk.length);
      yield chunk;
    }
  }
  try {
    yield* decompressed(counted());
  } catch (error) {
    const name = path === STANDARD_INPUT ? 'standard input' : path;
    throw new ProducerError(
      'UNREADABLE_INPUT',
      `${name}: cannot be read after ${read} bytes: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

async function* decompressed(chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const { value, done } = await chunks.next();
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  let given = 0;
  async function* whole(): AsyncGenerator<Buffer> {
    given += head.length;
    if (head.length > 0) yield head;
    for await (const chunk of chunks) {
      given += chunk.length;
      yield chunk;
    }
  }
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  if (!isGzip) {
    yield* whole();
    return;
  }
  const gunzip = createGunzip();
  // The iteration throws what breaks the pipeline; its callback has nothing to add.
  yield* pipeline(Readable.from(whole()), gunzip, () => {});
  // Behind a zero after the end of gzip, Node passes over all there is without a word.
  if (gunzip.bytesWritten < given) {
    throw new Error(`gzip ends at byte ${gunzip.bytesWritten}, and more follows that is none`);
  }
}
