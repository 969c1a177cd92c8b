import { describe, expect, it, vi } from 'vitest';
import { Assignment } from './assignment.ts';

const owner = () => ({ take: vi.fn(), heartbeat: vi.fn(), stop: async () => {} });

/** One that has its partitions and hears from Kafka. */
async function assigned(...partitions: number[]) {
  const observer = { ended: vi.fn(), unreadable: vi.fn() };
  const assignment = new Assignment(owner, observer);
  assignment.assigned(partitions);
  await vi.waitUntil(() => assignment.owners.size === partitions.length);
  assignment.heartbeat();
  return { assignment, observer };
}

describe('an assignment', () => {
  it('has no reason not to work once it has its partitions and Kafka answers', async () => {
    expect(new Assignment(owner, { ended() {}, unreadable() {} }).reasons(60_000)).toEqual([
      'the consumer group has not assigned partitions yet',
    ]);
    const { assignment } = await assigned(0, 1);
    expect(assignment.reasons(60_000)).toEqual([]);
  });

  it('says what cannot be read, as long as it cannot', async () => {
    const { assignment, observer } = await assigned(0, 1);
    assignment.unreadable(1, 'a bomb at offset 7');
    expect(assignment.reasons(60_000)).toEqual(['a bomb at offset 7']);
    expect(observer.unreadable).toHaveBeenLastCalledWith(1, true);
    assignment.unreadable(1, null);
    expect(assignment.reasons(60_000)).toEqual([]);
    expect(observer.unreadable).toHaveBeenLastCalledWith(1, false);
  });

  it('ends the old owners before the new ones begin', async () => {
    const { assignment, observer } = await assigned(0, 1);
    const before = assignment.owners.get(0);
    assignment.assigned([0]);
    expect(assignment.owners.size).toBe(0);
    await vi.waitUntil(() => assignment.owners.size === 1);
    expect(observer.ended.mock.calls).toEqual([[0], [1]]);
    expect(assignment.owners.get(0)).not.toBe(before);
  });
});
