/**
 * A thread that is asked and answers, in the order of the questions. Its file answers by
 * `answerQuestions` (worker-answers.ts). What is to be handed over, not copied, is named with each.
 */
import { type Transferable, Worker, type WorkerOptions } from 'node:worker_threads';

export class WorkerThread<Question, Answer> {
  readonly #file: URL;
  readonly #options: WorkerOptions;
  /** Who waits for an answer. */
  #waiting: PromiseWithResolvers<Answer>[] = [];
  /** Begins at once, so that the first question need not wait for it. */
  #worker: Worker | null;

  constructor(file: URL, options: WorkerOptions = {}) {
    this.#file = file;
    this.#options = options;
    this.#worker = this.#begin();
  }

  /**
   * @param transfer memory in the question that the thread gets
   * @throws what the thread threw, with its message and its code but not of its class; or what ended it:
   *   the next question then begins a new one
   */
  ask(question: Question, transfer: Transferable[]): Promise<Answer> {
    this.#worker ??= this.#begin();
    this.#worker.postMessage(question, transfer);
    const waiting = Promise.withResolvers<Answer>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  #begin(): Worker {
    const worker = new Worker(this.#file, this.#options);
    worker.on('message', (message: { answer: Answer } | { error: object; code: unknown }) => {
      const waiting = this.#waiting.shift();
      if ('error' in message) waiting?.reject(Object.assign(message.error, { code: message.code }));
      else waiting?.resolve(message.answer);
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
