/** The ingestor: one consumer that assigns and reads, and a sealer for each partition it is given. */
import { originOf } from '@authseal/ledger';
import type { Logger } from '@authseal/runtime';
import {
  AssignedConsumer,
  Assignment,
  examineTopics,
  KafkaAdmin,
  TopicWatch,
} from '@authseal/runtime/kafka';
import { type Config, readKeys } from './config.ts';
import { DigestThread } from './digest-thread.ts';
import { IngestorError } from './error.ts';
import { type Beginning, beginLog } from './init.ts';
import { kafkaJournal, kafkaSource, systemClock } from './kafka-journal.ts';
import { MAX_FETCH_BYTES } from './limits.ts';
import type { Metrics } from './metrics.ts';
import type { SealTermsOfLog } from './seal-batch.ts';
import { Sealer } from './sealer.ts';
import { checkTopics, createTopics } from './topics.ts';

const CLIENT_ID = 'authseal-ingestor';

export type Ingestor = {
  /** Reasons why it does not seal now. */
  ready(): string[];
  /**
   * Whether every log is closed.
   * @throws IngestorError when one of them will not be without a person
   */
  closed(): boolean;
  stop(): Promise<void>;
};

/** Begins to seal. @throws IngestorError TOPIC_UNFIT, KEY_UNFIT */
export async function startIngestor(
  config: Config,
  { close }: { close: boolean },
  metrics: Metrics,
  log: Logger,
): Promise<Ingestor> {
  const terms = termsOf(config, close);
  const admin = await KafkaAdmin.connect(config, CLIENT_ID, log);
  const partitions = await checkTopics(admin, config).catch(async (error) => {
    await admin.close();
    throw error;
  });
  const thread = new DigestThread();
  const assignment = new Assignment(
    (partition) =>
      new Sealer({
        origin: originOf(config.deployment, config.eventsTopic, partition),
        partition,
        batchesTopic: config.batchesTopic,
        source: kafkaSource(consumer, admin, config.eventsTopic, partition),
        journal: journalOf(config, admin, log, partition),
        clock: systemClock,
        terms,
        digest: thread.digest,
        observer: metrics.observe(partition),
      }),
    { ended: metrics.forget, unreadable: metrics.unreadable },
  );
  const consumer = new AssignedConsumer(
    {
      connection: config,
      clientId: CLIENT_ID,
      group: config.ingestorGroup,
      topic: config.eventsTopic,
      readUncommitted: true,
      transactionsOnly: false,
      maxBytesPerPartition: MAX_FETCH_BYTES,
      sessionTimeoutMs: config.sessionTimeout,
      log,
    },
    assignment,
  );
  const topics = new TopicWatch({
    examine: async () => (await examineTopics(admin, config)).checks,
    told: metrics.topicFaults,
    log,
  });
  return {
    closed() {
      const sealers = [...assignment.owners.values()];
      const refused = sealers.find(({ refusal }) => refusal !== null);
      if (refused?.refusal) throw refused.refusal;
      return sealers.length === partitions && sealers.every((sealer) => sealer.closed);
    },
    ready: () => [...assignment.reasons(config.sessionTimeout), ...topics.faults],
    async stop() {
      topics.stop();
      await assignment.stop();
      await thread.stop();
      await consumer.stop();
      await admin.close();
    },
  };
}

/** Creates the topics where they are missing and begins each log. Returns how each log was found. */
export async function initialize(
  config: Config & { partitions?: number | undefined },
  log: Logger,
): Promise<Beginning[]> {
  const terms = termsOf(config, false);
  const admin = await KafkaAdmin.connect(config, CLIENT_ID, log);
  try {
    await createTopics(admin, config, config.partitions);
    const partitions = await checkTopics(admin, config);
    const logs: Beginning[] = [];
    for (let partition = 0; partition < partitions; partition += 1) {
      const journal = journalOf(config, admin, log, partition);
      const parts = {
        journal,
        terms,
        clock: systemClock,
        batchesTopic: config.batchesTopic,
        partition,
      };
      logs.push(await beginLog(parts, config, partitions));
    }
    return logs;
  } finally {
    await admin.close();
  }
}

/** @throws IngestorError GROUP_ACTIVE when ingestors are running */
export async function refuseWhileRunning(config: Config, log: Logger): Promise<void> {
  const admin = await KafkaAdmin.connect(config, CLIENT_ID, log);
  const members = await admin.members(config.ingestorGroup).finally(() => admin.close());
  if (members === 0) return;
  throw new IngestorError(
    'GROUP_ACTIVE',
    `The group ${config.ingestorGroup} has ${members} members. Stop all ingestors and let none start again, then close the logs.`,
  );
}

function termsOf(config: Config, close: boolean): SealTermsOfLog {
  const { linger, heartbeat, retention } = config;
  return { linger, heartbeat, retention, codec: 'zstandard', close, ...readKeys(config) };
}

function journalOf(config: Config, admin: KafkaAdmin, log: Logger, partition: number) {
  const { ingestorGroup: group, eventsTopic, batchesTopic, transactionTimeout } = config;
  const topics = { eventsTopic, batchesTopic, transactionTimeoutMs: transactionTimeout };
  return kafkaJournal({ connection: config, admin, group, ...topics, log }, partition);
}
