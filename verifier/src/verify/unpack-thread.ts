/**
 * Unpacks batches in a thread of its own: that is more than half of verifying, and the main thread is
 * needed for fetching and for the producers' chains. It begins with the first batch that is worth it.
 */
import { extname } from 'node:path';
import {
  LedgerError,
  type LedgerErrorCode,
  type Packed,
  type Unpacked,
  unpackEntries,
} from '@authseal/ledger';
import { WorkerThread } from '@authseal/runtime';

/** Beside this file, which is JavaScript when it is published. */
const WORKER = new URL(`./unpack-worker${extname(import.meta.url)}`, import.meta.url);

/** Blocks below so many bytes are unpacked sooner than sent. */
const WORTH_SENDING = 16 * 1024;

/** What the thread answers: a LedgerError would lose its code on the way. */
export type UnpackAnswer = Unpacked | { readonly code: LedgerErrorCode; readonly message: string };

export class UnpackThread {
  #thread: WorkerThread<Packed, UnpackAnswer> | null = null;

  /** @throws LedgerError as unpackEntries; what ended the thread */
  readonly unpack = async (packed: Packed): Promise<Unpacked> => {
    if (packed.block.length < WORTH_SENDING) return unpackEntries(packed);
    this.#thread ??= new WorkerThread(WORKER);
    // A copy: the object is still needed here.
    const block = new Uint8Array(packed.block);
    const question = { ...packed, block: Buffer.from(block.buffer) };
    const answer = await this.#thread.ask(question, [block.buffer]);
    if ('code' in answer) throw new LedgerError(answer.code, answer.message);
    // Sent from one thread to the other, a Buffer becomes a plain Uint8Array.
    const { buffer, byteOffset, byteLength } = answer.entries;
    return { entries: Buffer.from(buffer, byteOffset, byteLength), bounds: answer.bounds };
  };

  async stop(): Promise<void> {
    await this.#thread?.stop();
  }
}
