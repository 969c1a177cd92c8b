/**
 * The alerts on running services, watched by a real Prometheus: what each is for is done to them, the
 * alert fires, what docs/operations.md says is done, and it resolves. In the rules a minute is a second
 * (plain/alerts.ts), and the heartbeat is as much shorter. Reasons to refuse or to stop for which there
 * is no case here have theirs in the suites that the runbook names.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { zstdCompressSync } from 'node:zlib';
import kafkajs, { type Admin, type Producer } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run, verify } from '../plain/commands.ts';
import { plainKafka } from '../plain/topic.ts';
import { type Load, startLoad } from './load.ts';
import {
  FAR,
  logOf,
  NEAR,
  PARTITIONS,
  readyz,
  startWatchedStack,
  type WatchedStack,
} from './watched-stack.ts';

const { CompressionTypes, CompressionCodecs } = kafkajs;
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }: { buffer: Buffer }) => zstdCompressSync(buffer),
  decompress: async () => Promise.reject(new Error('only to write')),
});

const PATIENT = { timeout: 100_000, interval: 200 };
vi.setConfig({ testTimeout: 300_000 });
const regions = [NEAR, FAR];
const deployment = 'local';

let stack: WatchedStack;
let alerts: WatchedStack['alerts'];
let admin: Admin;
let producer: Producer;
let load: Load;
beforeAll(async () => {
  stack = await startWatchedStack();
  ({ alerts } = stack);
  const kafka = plainKafka(stack.kafkaBrokers);
  [admin, producer] = [kafka.admin(), kafka.producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  load = startLoad(stack, ['web', 'api']);
}, 1_200_000);
afterAll(async () => {
  await load?.stop();
  await Promise.all([admin?.disconnect(), producer?.disconnect()]);
  await stack?.stop();
});

async function endsOf(topic: string): Promise<{ partition: number; offset: number }[]> {
  const ends = await admin.fetchTopicOffsets(topic);
  return ends.map(({ partition, high }) => ({ partition, offset: Number(high) }));
}

async function recovered(...flags: string[]): Promise<void> {
  const { code, stdout, stderr } = await stack.recover(...flags);
  expect(code, stdout + stderr).toBe(0);
}

const quiet = () => vi.waitFor(async () => expect(await alerts.firing()).toEqual([]), PATIENT);

describe('while all is well', () => {
  it('no alert fires', async () => {
    const query = 'count(authseal_archiver_sealed_at_seconds)';
    await vi.waitFor(async () => {
      const answer = await fetch(`${stack.prometheus.endpoint}/api/v1/query?query=${query}`);
      expect(await answer.text()).toContain(`"${2 * PARTITIONS}"`);
    }, PATIENT);
    await quiet();
  });
});

describe('records of somebody else', () => {
  it('among the events fire AuthsealNoEvents, with partition and problem', async () => {
    await producer.send({
      topic: 'auth-events',
      messages: [{ partition: 0, key: 'somebody', value: null }],
    });
    await alerts.fires('AuthsealNoEvents', { deployment, partition: '0', problem: 'NULL_VALUE' });
    const [line = ''] = /.*records sealed without an event.*/.exec(logOf(stack.ingestor)) ?? [];
    const { partition, offsets } = JSON.parse(line);
    const at = `--partition ${partition} --offset ${offsets.from} --max-messages ${offsets.to - offsets.from}`;
    const show = '--formatter-property print.offset=true --formatter-property print.key=true';
    const command = `kafka-console-consumer.sh --topic auth-events ${at} ${show}`;
    expect(await stack.kafkaTool(command)).toMatch(/^Offset:\d+\tsomebody\tnull$/m);
  });

  it('among the batches fire AuthsealSomethingBeside in each region, and the log has the offset', async () => {
    await producer.send({ topic: 'auth-batches', messages: [{ partition: 0, value: 'no batch' }] });
    for (const region of regions) {
      await alerts.fires('AuthsealSomethingBeside', { deployment, region, code: 'NOT_OURS' });
    }
    expect(logOf(stack.far)).toMatch(/"offset":\d+.*"code":"NOT_OURS"/);
  });
});

describe('a topic whose compression somebody changed', () => {
  it('takes records that nobody can read, which fire AuthsealRecordsUnreadable', async () => {
    const change = '--entity-type topics --entity-name auth-events --add-config';
    await stack.kafkaTool(`kafka-configs.sh --alter ${change} compression.type=producer`);
    await producer.send({
      topic: 'auth-events',
      compression: CompressionTypes.ZSTD,
      messages: [{ partition: 1, value: Buffer.alloc(20 * 1024 * 1024) }],
    });
    await alerts.fires('AuthsealRecordsUnreadable', { deployment, partition: '1' });
  });

  it('fires AuthsealTopicUnfit once, and AuthsealNotReady, whose /readyz has the commands', async () => {
    await alerts.fires('AuthsealTopicUnfit', { deployment });
    await alerts.fires('AuthsealNotReady', { deployment, job: 'ingestor' });
    const unfit = (await alerts.firing()).filter((a) => a.alertname === 'AuthsealTopicUnfit');
    expect(unfit).toHaveLength(1);
    const reasons = await readyz(stack.ingestor);
    const [command = ''] = /kafka-configs\.sh --alter [\w .,=-]*\w/.exec(reasons) ?? [];
    expect(logOf(stack.ingestor)).toContain(command);
    await stack.kafkaTool(command);
    const [, offset] = /kafka-delete-records\.sh` up to offset (\d+)/.exec(reasons) ?? [];
    await stack.deleteRecords('auth-events', [{ partition: 1, offset: Number(offset) }]);
  });

  it('loses them, which is all that stays', async () => {
    await alerts.resolves('AuthsealRecordsUnreadable');
    await alerts.fires('AuthsealRecordsLost', { deployment, partition: '1' });
  });
});

describe('one region of two whose store is away', () => {
  it('fires AuthsealNotReady, AuthsealRetries and AuthsealRegionBehind, for itself alone', async () => {
    stack.proxy.choose = () => 'away';
    for (const alert of ['AuthsealNotReady', 'AuthsealRetries', 'AuthsealRegionBehind']) {
      await alerts.fires(alert, { deployment, region: FAR });
      await alerts.resolves(alert, { region: NEAR });
    }
    expect(await readyz(stack.far)).toMatch(/"ok":false.*partition \d/);
  });

  it('resolves when the store is back', async () => {
    stack.proxy.pass();
    for (const alert of ['AuthsealNotReady', 'AuthsealRegionBehind', 'AuthsealRetries']) {
      await alerts.resolves(alert, { region: FAR });
    }
  });
});

describe('services that are away', () => {
  it('fire AuthsealArchiverGone for their region', async () => {
    await stack.far.stop();
    await alerts.fires('AuthsealArchiverGone', { deployment, region: FAR });
    expect(await alerts.firing()).not.toContainEqual(
      expect.objectContaining({ alertname: 'AuthsealArchiverGone', region: NEAR }),
    );
  });

  it('fire AuthsealIngestorGone, and no log is said to stand still beside it', async () => {
    // It would not start while a topic is unfit; that is looked at each minute.
    await alerts.resolves('AuthsealTopicUnfit');
    await alerts.resolves('AuthsealNotReady');
    await stack.ingestor.stop();
    await alerts.fires('AuthsealIngestorGone', { deployment });
    await alerts.resolves('AuthsealLogStandsStill');
  });
});

describe('a Kafka that was emptied meanwhile', () => {
  it('fires AuthsealPartitionRefused', async () => {
    await stack.archivedAll(NEAR);
    await stack.deleteRecords('auth-batches', await endsOf('auth-batches'));
    await stack.deleteRecords('auth-events', await endsOf('auth-events'));
    await stack.ingestor.restart();
    await alerts.fires('AuthsealPartitionRefused', { deployment, code: 'BATCHES_GONE' });
    await alerts.resolves('AuthsealIngestorGone');
  });

  it('resolves by `recover`, and what was lost fires AuthsealRecordsLost, though its counter begins with it', async () => {
    await recovered('--dry-run');
    await recovered();
    await stack.ingestor.restart();
    await alerts.resolves('AuthsealPartitionRefused');
    const partition = `${load.receipts[0]?.partition}`;
    await alerts.fires('AuthsealRecordsLost', { deployment, partition });
  });

  it('fires AuthsealArchivingStopped in the region that had not archived all', async () => {
    await stack.far.restart();
    await alerts.fires('AuthsealArchivingStopped', { deployment, region: FAR, code: 'GAP' });
    await alerts.resolves('AuthsealArchiverGone');
    expect(await alerts.firing()).not.toContainEqual(
      expect.objectContaining({ alertname: 'AuthsealSomethingBeside', code: 'GAP' }),
    );
  });

  it('resolves by `backfill` and a restart', async () => {
    const environment = { ...stack.environment, AUTHSEAL_REGION: FAR };
    const backfill = ['backfill', '--from-region', NEAR];
    expect(await run('authseal-archiver', backfill, environment)).toMatchObject({ code: 0 });
    await stack.far.restart();
    await alerts.resolves('AuthsealArchivingStopped');
    await alerts.resolves('AuthsealRegionBehind');
  });
});

describe('a topic of batches that was deleted and created again', () => {
  it('is recovered, and the archivers find their places from their buckets', async () => {
    await stack.ingestor.stop();
    for (const region of regions) await stack.archivedAll(region);
    await Promise.all(stack.archivers.map((archiver) => archiver.stop()));
    await stack.kafkaTool('kafka-topics.sh --delete --topic auth-batches');
    await vi.waitFor(
      async () => expect(await admin.listTopics()).not.toContain('auth-batches'),
      PATIENT,
    );
    const { code, stderr } = await run('authseal-ingestor', ['init'], stack.environment);
    expect(stderr).toContain('BATCHES_GONE');
    expect(code).toBe(1);
    await recovered();
    const told = stack.archivers.map((archiver) => logOf(archiver).length);
    await Promise.all([stack.ingestor, ...stack.archivers].map((service) => service.restart()));
    for (const [i, archiver] of stack.archivers.entries()) {
      const found = () => expect(logOf(archiver).slice(told[i])).toContain('no place is committed');
      await vi.waitFor(found, PATIENT);
    }
    await quiet();
  });
});

describe('an ingestor with another key', () => {
  it('fires AuthsealPartitionRefused, until it is restarted with the right one', async () => {
    const { AUTHSEAL_SIGNING_KEY: own = '', AUTHSEAL_KEYS: keys = '' } = stack.environment;
    const other = `${stack.directory}/other.pem`;
    const { stdout } = await run('authseal', ['keys', 'generate', other, '--name', 'local'], {});
    const right = { own: readFileSync(own), keys: readFileSync(keys) };
    copyFileSync(other, own);
    writeFileSync(keys, `${right.keys}${stdout}`);
    await stack.ingestor.restart();
    await alerts.fires('AuthsealPartitionRefused', { deployment, code: 'KEY_UNFIT' });
    writeFileSync(own, right.own);
    writeFileSync(keys, right.keys);
    await stack.ingestor.restart();
    await alerts.resolves('AuthsealPartitionRefused');
  });
});

describe('logs', () => {
  it('have an owner each, as kafka-consumer-groups.sh shows', async () => {
    const shown = await stack.kafkaTool(
      'kafka-consumer-groups.sh --describe --group authseal-ingestor',
    );
    for (const { partition } of await endsOf('auth-events')) {
      expect(shown).toMatch(new RegExp(`auth-events +${partition} .* authseal-ingestor`));
    }
  });

  it('that stand still, for Kafka does not answer, fire AuthsealLogStandsStill each, until they go on', async () => {
    await stack.broker.kill('SIGSTOP');
    try {
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        await alerts.fires('AuthsealLogStandsStill', { deployment, partition: `${partition}` });
      }
    } finally {
      await stack.broker.kill('SIGCONT');
    }
    await alerts.resolves('AuthsealLogStandsStill');
  });
});

describe('an hour later', () => {
  it('no alert fires, and `authseal verify` ends with 1 for what was lost', async () => {
    await quiet();
    await load.stop();
    const { code, report } = await verify(stack.environment);
    expect(new Set(report.problems.map((problem) => problem.code))).toEqual(
      new Set(['LOST_RANGE', 'SEQUENCE_GAP', 'UNCHAINED']),
    );
    expect(code).toBe(1);
  });
});
