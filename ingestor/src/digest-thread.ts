/**
 * Digests entries in a thread of its own: it takes a third of the time of sealing, and the main thread
 * is needed for reading. The memory of the entries is handed over, not copied.
 */
import { extname } from 'node:path';
import type { Digest, DigestEntries, Entries } from '@authseal/ledger';
import { WorkerThread } from '@authseal/runtime';

/** Beside this file, which is JavaScript when it is published. */
const WORKER = new URL(`./digest-worker${extname(import.meta.url)}`, import.meta.url);

/** It makes nothing but hashes, which are gone at once: no need to let more of them gather. */
const YOUNG_MB = 8;

export class DigestThread {
  readonly #thread = new WorkerThread<Entries, Digest>(WORKER, {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });

  /** @throws what the digest threw, or what ended the thread */
  readonly digest: DigestEntries = async (entries) => {
    const { buffer, bounds } = entries;
    const transfer = [buffer.buffer as ArrayBuffer, bounds.buffer as ArrayBuffer];
    return withBuffers(await this.#thread.ask(entries, transfer));
  };

  stop(): Promise<void> {
    return this.#thread.stop();
  }
}

/** Sent from one thread to the other, a Buffer becomes a plain Uint8Array. */
function withBuffers({ range, block, buffer }: Digest): Digest {
  return { range, block: Buffer.from(block.buffer), buffer: Buffer.from(buffer.buffer) };
}
