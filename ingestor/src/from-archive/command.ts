/** `authseal-ingestor recover --from-archive`: all logs, one after the other. */
import { originOf } from '@authseal/ledger';
import { Bucket, type Logger } from '@authseal/runtime';
import { KafkaAdmin } from '@authseal/runtime/kafka';
import { IngestorError } from '../error.ts';
import { kafkaJournal } from '../kafka-journal.ts';
import { checkTopics } from '../topics.ts';
import { publicKeys, type RecoverConfig } from './config.ts';
import { recoverLog } from './recover-log.ts';
import { RegionLog } from './region-log.ts';

/**
 * Tells each log's outcome by `tell`. A log that is refused leaves the others to be recovered.
 * @returns how many logs were refused
 * @throws IngestorError TOPIC_UNFIT, KEY_UNFIT; RuntimeError KAFKA_UNREACHABLE
 */
export async function recoverFromArchive(
  config: RecoverConfig,
  tell: (line: string) => void,
  log: Logger,
): Promise<number> {
  const keys = publicKeys(config);
  const { deployment, eventsTopic, acceptForkRisk, dryRun } = config;
  const admin = await KafkaAdmin.connect(config, 'authseal-ingestor', log);
  const buckets = config.regions.map((region) => new Bucket(region));
  let refused = 0;
  try {
    const partitions = await checkTopics(admin, config);
    for (let partition = 0; partition < partitions; partition += 1) {
      const origin = originOf(deployment, eventsTopic, partition);
      const lines = await recoverLog({
        origin,
        keys,
        journal: journalOf(config, admin, log, partition),
        regions: buckets.map((bucket) => new RegionLog(bucket, origin, keys)),
        now: Date.now(),
        acceptForkRisk,
        dryRun,
      }).catch((error: unknown) => {
        if (!(error instanceof IngestorError)) throw error;
        refused += 1;
        return [`${error.code}: ${error.message}`];
      });
      for (const line of lines) tell(line);
    }
  } finally {
    for (const bucket of buckets) bucket.close();
    await admin.close();
  }
  return refused;
}

function journalOf(config: RecoverConfig, admin: KafkaAdmin, log: Logger, partition: number) {
  const { ingestorGroup: group, eventsTopic, batchesTopic, transactionTimeout } = config;
  const names = { group, eventsTopic, batchesTopic };
  const options = { connection: config, admin, ...names, transactionTimeoutMs: transactionTimeout };
  return kafkaJournal({ ...options, log }, partition);
}
