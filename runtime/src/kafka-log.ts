/** kafkajs's log entries into ours. A logCreator by shape, so that this file needs no kafkajs. */
import type { Logger } from 'pino';

/** kafkajs `LogEntry`; its levels are 1 error, 2 warn, 4 info, 5 debug (0: nothing). */
interface KafkaLogEntry {
  namespace: string;
  level: number;
  log: { message: string; [field: string]: unknown };
}

/**
 * For the client's `logCreator` option. kafkajs reports as an error every answer that it will try
 * again (one for nearly every transaction), and at each start that retries are limited, which they
 * are on purpose; what it gives up reaches its caller, who says so. Hence less than it asks for.
 */
export const kafkaLogCreator = (log: Logger) => () => (entry: KafkaLogEntry) => {
  const { message, timestamp: _, logger: __, ...fields } = entry.log;
  const isAnswer = entry.namespace === 'Connection' && message.startsWith('Response ');
  const level = (!isAnswer && ({ 1: 'warn', 2: 'info' } as const)[entry.level]) || 'debug';
  log[level]({ kafka: { namespace: entry.namespace, ...fields } }, message);
};
