export { KafkaAdmin, type TopicDescription, type TopicRule } from './admin.ts';
export {
  AssignedConsumer,
  type AssignedConsumerOptions,
  type AssignmentListener,
} from './assigned-consumer.ts';
export { Assignment } from './assignment.ts';
export type { KafkaConnection } from './client.ts';
export { READ_COMMITTED, READ_UNCOMMITTED, type ReadAs } from './client.ts';
export { searchLastRecords } from './last-records.ts';
export { fetchRecords, type RecordSource, readRecords } from './read-records.ts';
export { type Fetched, type KafkaRecord, RECORD_OVERHEAD } from './record.ts';
export { StableOffset } from './stable-offset.ts';
export {
  examineBatches,
  examineTopics,
  MANY_BROKERS,
  settingsOfNew,
  type TopicCheck,
  type TopicNames,
} from './topic-rules.ts';
export { TopicWatch } from './topic-watch.ts';
export {
  type PartitionState,
  type ProduceResult,
  TransactionalWriter,
  type TransactionalWriterOptions,
} from './transactional-writer.ts';
