/** The thread of digest-thread.ts: asked for a batch's entries, it answers with their digest. */
import { type Digest, digestEntries, type Entries } from '@authseal/ledger/digest';
import { answerQuestions } from '@authseal/runtime/worker-answers';

answerQuestions(({ buffer: { buffer }, ...rest }: Entries) => {
  const { range, block } = digestEntries({ ...rest, buffer: Buffer.from(buffer) });
  // A copy: the block may share its memory with the entries, or with what is compressed next.
  const sent = Buffer.from(new Uint8Array(block).buffer);
  const answer: Digest = { range, block: sent, buffer: Buffer.from(buffer) };
  return { answer, transfer: [sent.buffer, buffer as ArrayBuffer] };
});
