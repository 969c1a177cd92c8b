/**
 * Digests entries in a thread of its own: it takes a third of the time of sealing, and the main thread
 * is needed for reading. The memory of the entries is handed over, not copied.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Digest, DigestEntries } from '@authseal/ledger';

/** Beside this file, which is JavaScript when it is published. */
const WORKER = new URL(`./digest-worker${extname(import.meta.url)}`, import.meta.url);

/** It makes nothing but hashes, which are gone at once: no need to let more of them gather. */
const YOUNG_MB = 8;

export class DigestThread {
  /** Who waits for an answer; they come in the order of the questions. */
  #waiting: PromiseWithResolvers<Digest>[] = [];
  /** Begins at once, so that the first batch need not wait for it. */
  #worker: Worker | null = this.#begin();

  /** @throws what the digest threw, or what ended the thread; the next call then begins a new one */
  readonly digest: DigestEntries = (entries) => {
    this.#worker ??= this.#begin();
    const { buffer, bounds } = entries;
    this.#worker.postMessage(entries, [buffer.buffer as ArrayBuffer, bounds.buffer as ArrayBuffer]);
    const waiting = Promise.withResolvers<Digest>();
    this.#waiting.push(waiting);
    return waiting.promise;
  };

  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  #begin(): Worker {
    const worker = new Worker(WORKER, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
    worker.on('message', (answer: Digest | { readonly error: unknown }) => {
      const waiting = this.#waiting.shift();
      if ('error' in answer) waiting?.reject(answer.error);
      else waiting?.resolve(withBuffers(answer));
    });
    let why: unknown = new Error('the thread was ended');
    worker.on('error', (error) => {
      why = error;
    });
    worker.on('exit', () => {
      this.#worker = null;
      for (const { reject } of this.#waiting.splice(0)) reject(why);
    });
    return worker;
  }
}

/** Sent from one thread to the other, a Buffer becomes a plain Uint8Array. */
function withBuffers({ range, block, buffer }: Digest): Digest {
  return { range, block: Buffer.from(block.buffer), buffer: Buffer.from(buffer.buffer) };
}
