/** kafkajs's log entries into ours. A logCreator by shape, so that this file needs no kafkajs. */
import type { Logger } from 'pino';

/** kafkajs `LogEntry`; its levels are 1 error, 2 warn, 4 info, 5 debug (0: nothing). */
interface KafkaLogEntry {
  namespace: string;
  level: number;
  log: { message: string; [field: string]: unknown };
}

/** For the client's `logCreator` option. */
export const kafkaLogCreator = (log: Logger) => () => (entry: KafkaLogEntry) => {
  const { message, timestamp: _, logger: __, ...fields } = entry.log;
  const level = ({ 1: 'error', 2: 'warn', 4: 'info' } as const)[entry.level] ?? 'debug';
  log[level]({ kafka: { namespace: entry.namespace, ...fields } }, message);
};
