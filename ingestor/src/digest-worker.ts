/** The thread of digest-thread.ts: each message is a batch's entries, the answer their digest or an error. */
import { parentPort } from 'node:worker_threads';
import { digestEntries, type Entries } from '@authseal/ledger/digest';

parentPort?.on('message', (entries: Entries) => {
  try {
    answer(entries);
  } catch (error) {
    parentPort?.postMessage({ error });
  }
});

function answer({ buffer: { buffer }, ...rest }: Entries): void {
  const { range, block } = digestEntries({ ...rest, buffer: Buffer.from(buffer) });
  // A copy: the block may share its memory with the entries, or with what is compressed next.
  const sent = new Uint8Array(block);
  const moved = [sent.buffer, buffer as ArrayBuffer];
  parentPort?.postMessage({ range, block: sent, buffer: new Uint8Array(buffer) }, moved);
}
