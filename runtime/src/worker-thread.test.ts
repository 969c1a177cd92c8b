import { afterEach, describe, expect, it } from 'vitest';
import { WorkerThread } from './worker-thread.ts';

type Question = { double: Uint8Array } | { fail: string } | { exit: true };

const thread = new WorkerThread<Question, Uint8Array>(
  new URL('./testing/doubling-worker.ts', import.meta.url),
);
afterEach(() => thread.stop());

const ask = (...numbers: number[]) => {
  const double = Uint8Array.from(numbers);
  return thread.ask({ double }, [double.buffer]);
};

describe('a thread', () => {
  it('answers in the order of the questions, to each its own', async () => {
    const answers = await Promise.all([ask(1), ask(2, 3), ask()]);
    expect(answers.map((answer) => [...answer])).toEqual([[2], [4, 6], []]);
  });

  it('gets the memory that is handed over', async () => {
    const double = Uint8Array.of(4);
    const answer = thread.ask({ double }, [double.buffer]);
    expect(double.byteLength).toBe(0);
    expect([...(await answer)]).toEqual([8]);
  });

  it('says what it failed with, to whom it concerns, and goes on', async () => {
    const [before, failed, after] = [ask(1), thread.ask({ fail: 'seven' }, []), ask(2)];
    await expect(failed).rejects.toMatchObject({ message: 'seven', code: 'FAILED' });
    expect([...(await before), ...(await after)]).toEqual([2, 4]);
  });

  it('that ends fails all who wait, and another one begins with the next question', async () => {
    await ask(1);
    const waiting = [thread.ask({ exit: true }, []), ask(2)];
    for (const answer of waiting) await expect(answer).rejects.toThrow('the thread was ended');
    expect([...(await ask(3))]).toEqual([6]);
  });

  it('that is stopped fails who waits', async () => {
    const answer = ask(1);
    const stopped = thread.stop();
    await expect(answer).rejects.toThrow('the thread was ended');
    await stopped;
  });

  it('whose file is not there says so', async () => {
    const none = new WorkerThread<Question, Uint8Array>(new URL('./none.ts', import.meta.url));
    await expect(none.ask({ fail: '' }, [])).rejects.toThrow('none.ts');
  });
});
