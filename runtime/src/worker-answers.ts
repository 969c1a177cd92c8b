/** The other end of worker-thread.ts, in the thread. It loads nothing else: threads begin quickly. */
import { parentPort, type Transferable } from 'node:worker_threads';

/** @param answer gives the answer to a question, and the memory in it that is handed over */
export function answerQuestions<Question, Answer>(
  answer: (question: Question) => { answer: Answer; transfer: Transferable[] },
): void {
  parentPort?.on('message', (question: Question) => {
    try {
      const { transfer, ...rest } = answer(question);
      parentPort?.postMessage(rest, transfer);
    } catch (error) {
      // Sent, an error loses its class and its code.
      parentPort?.postMessage({ error, code: (error as { code?: unknown }).code });
    }
  });
}
