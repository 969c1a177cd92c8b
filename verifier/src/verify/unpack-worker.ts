/** The thread of unpack-thread.ts: asked for a batch's block, it answers with its entries, checked. */
import { isMarkedAsUntransferable } from 'node:worker_threads';
import { LedgerError, type Packed, unpackEntries } from '@authseal/ledger';
import { answerQuestions } from '@authseal/runtime/worker-answers';
import type { UnpackAnswer } from './unpack-thread.ts';

answerQuestions(({ block, ...rest }: Packed): { answer: UnpackAnswer; transfer: ArrayBuffer[] } => {
  try {
    const unpacked = unpackEntries({ ...rest, block: Buffer.from(block.buffer) });
    const { entries, bounds } = unpacked;
    const memory = [entries.buffer, bounds.buffer] as ArrayBuffer[];
    // Small buffers lie in memory that Node keeps for all of them: they are copied.
    return { answer: unpacked, transfer: memory.filter((one) => !isMarkedAsUntransferable(one)) };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return { answer: { code: error.code, message: error.message }, transfer: [] };
  }
});
