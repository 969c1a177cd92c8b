/** Kafka behind the interface of journal.ts. */
import type { Logger } from '@authseal/runtime';
import {
  type AssignedConsumer,
  type KafkaAdmin,
  type KafkaConnection,
  TransactionalWriter,
} from '@authseal/runtime/kafka';
import type { Journal } from './journal.ts';

export type JournalOptions = {
  readonly connection: KafkaConnection;
  readonly admin: KafkaAdmin;
  readonly consumer: AssignedConsumer;
  readonly group: string;
  readonly topic: string;
  readonly transactionTimeoutMs: number;
  readonly log: Logger;
};

/**
 * The state is an offset, with metadata, of a second group that never has members: kafkajs writes
 * into the consumer's own group what nobody asked for.
 */
export function kafkaJournal(options: JournalOptions, partition: number): Journal {
  const { connection, admin, consumer, group, topic, transactionTimeoutMs, log } = options;
  const stateGroup = `${group}.state`;
  return {
    async open() {
      const writer = await TransactionalWriter.open({
        connection,
        transactionalId: `${group}-${topic}-${partition}`,
        transactionTimeoutMs,
        log,
      });
      return {
        readState: () => admin.readState(stateGroup, topic, partition),
        async commit(state) {
          await writer.begin();
          await writer.sendState(stateGroup, topic, partition, state);
          await writer.commit();
        },
        close: () => writer.close(),
      };
    },
    offsets: () => admin.offsets(topic, partition),
    seek: (offset) => consumer.seek(partition, offset),
    pause: () => consumer.pause(partition),
    resume: () => consumer.resume(partition),
  };
}
