import { describe, expect, it } from 'vitest';
import { offsetWritten } from './write-again.ts';

const answer = { topic: 'auth-batches', partition: 0, errorCode: 0, offset: 7, logAppendTime: 1 };

describe("the broker's answer to a batch that is written again", () => {
  it('tells its offset', () => {
    expect(offsetWritten([answer], 'acme/auth-events/0', 7)).toBe(7);
  });

  it.each([
    ['none, as for a partition that does not exist', []],
    ['more than one', [answer, answer]],
    ['an error', [{ ...answer, errorCode: 3 }]],
    ['an offset below the end of the topic', [{ ...answer, offset: 6 }]],
  ])('is refused when it is %s', (_, answers) => {
    expect(() => offsetWritten(answers, 'acme/auth-events/0', 7)).toThrow(
      expect.objectContaining({ code: 'PRODUCE_REFUSED' }),
    );
  });
});
