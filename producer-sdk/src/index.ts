/** Send authorization events to Authseal; see README.md. */
export { ProducerError, type ProducerErrorCode } from './error.ts';
export { type EventInput, type InputOf, micros } from './event-input.ts';
export type { KafkaConnection } from './kafka/connection.ts';
export type { AuditProducerOptions } from './options.ts';
export { type AuditProducer, createAuditProducer, type Receipt } from './producer.ts';
export type { Logger } from './sender.ts';
