/** The thread of worker-thread.test.ts. */
import { answerQuestions } from '../worker-answers.ts';

type Question = { double: Uint8Array } | { fail: string } | { exit: true };

answerQuestions((question: Question) => {
  if ('fail' in question) throw Object.assign(new Error(question.fail), { code: 'FAILED' });
  if ('exit' in question) process.exit(0);
  const answer = question.double.map((number) => 2 * number);
  return { answer, transfer: [answer.buffer] };
});
