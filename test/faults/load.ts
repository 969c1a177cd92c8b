/** What the fault suites share: a stack that notices the dead soon, and services that keep recording. */
import { type Stack, type StackOptions, startStack } from '@authseal/deploy/local';
import { createAuditProducer, type Receipt } from '@authseal/producer-sdk';

/** Some events before a producer waits for their receipts. */
const AT_ONCE = 5;

export function startFaultStack(options: StackOptions = {}): Promise<Stack> {
  return startStack({
    report: () => {},
    ...options,
    settings: {
      AUTHSEAL_LINGER: '200ms',
      AUTHSEAL_SESSION_TIMEOUT: '6s',
      AUTHSEAL_TRANSACTION_TIMEOUT: '10s',
      ...options.settings,
    },
  });
}

export type Load = {
  /** Events recorded so far. */
  readonly sent: number;
  /** Of all events so far that Kafka has. */
  readonly receipts: readonly Receipt[];
  /** Ends the load; resolves when all that was recorded is confirmed. */
  stop(): Promise<void>;
};

/** Records events, a few at a time for each service, until it is stopped. */
export function startLoad({ kafkaBrokers }: Stack, services: readonly string[]): Load {
  const receipts: Receipt[] = [];
  let sent = 0;
  let isRunning = true;
  const kafka = { brokers: kafkaBrokers };
  const logger = { warn() {} };
  const work = services.map(async (service) => {
    const options = { service, deployment: 'local', kafka, lingerMs: 50, logger };
    const producer = createAuditProducer(options);
    while (isRunning) {
      const events = Array.from({ length: AT_ONCE }, () =>
        producer.loginFailed({
          actor: { type: 'ANONYMOUS', id: 'unknown' },
          login: { method: 'password', mfa: null },
          reason: 'wrong password',
        }),
      );
      sent += AT_ONCE;
      receipts.push(...(await Promise.all(events)));
    }
    await producer.close();
  });
  return {
    get sent() {
      return sent;
    },
    receipts,
    async stop() {
      isRunning = false;
      await Promise.all(work);
    },
  };
}
