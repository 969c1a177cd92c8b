import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import './kafkajs.ts';

const ConsumerGroup = createRequire(import.meta.url)('kafkajs/src/consumer/consumerGroup');

function newGroup() {
  const group = new ConsumerGroup({
    groupId: 'group',
    logger: { namespace() {} },
    instrumentationEmitter: { emit() {} },
  });
  const sent: object[] = [];
  group.coordinator = { heartbeat: async (request: object) => sent.push(request) };
  group.lastRequest = 0;
  return { group, sent };
}

describe("kafkajs's consumer group", () => {
  it('is told to join again by its own heartbeat while it has no member id', async () => {
    const { group, sent } = newGroup();
    await expect(group.heartbeat({ interval: 0 })).rejects.toMatchObject({
      type: 'UNKNOWN_MEMBER_ID',
    });
    expect(sent).toEqual([]);
  });

  it('sends its heartbeat when it has one', async () => {
    const { group, sent } = newGroup();
    group.memberId = 'member';
    await group.heartbeat({ interval: 0 });
    expect(sent).toMatchObject([{ groupId: 'group', memberId: 'member' }]);
  });
});
