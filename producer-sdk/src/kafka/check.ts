/** Whether Kafka can take events, asked before anything is sent. */
import { type KafkaConnection, newClient } from './connection.ts';
import { failureOf } from './failure.ts';
import { createSockets } from './sockets.ts';

/** A broker that is about to listen does within these. */
const RETRIES = 3;

/** Milliseconds: a broker that hangs takes connections, and then says nothing. */
const PATIENCE_MS = 15_000;

/**
 * Asks the brokers for the topic.
 * @throws ProducerError KAFKA_UNREACHABLE, TOPIC_MISSING or NOT_AUTHORIZED
 */
export async function checkTopic(connection: KafkaConnection, topic: string): Promise<void> {
  const { brokers } = connection;
  const sockets = createSockets();
  const { client } = newClient(connection, {
    brokers: () => brokers,
    sockets,
    retries: RETRIES,
    onWarning() {}, // what lasts is thrown
  });
  const admin = client.admin();
  const asked = admin.connect().then(() => admin.fetchTopicMetadata({ topics: [topic] }));
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${PATIENCE_MS / 1000} s`)),
    PATIENCE_MS,
  );
  try {
    await Promise.race([asked, late.promise]);
  } catch (error) {
    throw failureOf((error as Error).message, { brokers, topic }, error);
  } finally {
    clearTimeout(timer);
    sockets.shut();
    admin.disconnect().catch(() => {});
  }
}
