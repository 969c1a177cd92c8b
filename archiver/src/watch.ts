/** What the partitions tell, as logs, Prometheus metrics and reasons for not being ready. */
import { createRegistry, type Logger } from '@authseal/runtime';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Outcome } from './archive-batch.ts';
import type { ArchiverError, ArchiverErrorCode } from './error.ts';
import type { PartitionWatch } from './partition.ts';

export type Watch = {
  readonly registry: Registry;
  /** The watch of one partition. */
  of(partition: number): PartitionWatch;
  /** The partition is no longer ours: what its gauges say is another's to say. */
  forget(partition: number): void;
  /** Its next records cannot be read, or can again. */
  unreadable(partition: number, isUnreadable: boolean): void;
  /** At the start, something that is needed did not answer. */
  unreached(error: unknown): void;
  /** So many rules are broken by the batches topic. */
  topicFaults(faults: number): void;
  /** Asked at each look whether all is well. */
  readiness(isReady: () => boolean): void;
  /** Why batches do not arrive in S3 now. */
  troubles(): string[];
};

/** From the first look on they are there, so that an alert on an increase sees the first one that comes later. */
const ALERTS: Record<Exclude<ArchiverErrorCode, 'KEYS_OF_ANOTHER_DEPLOYMENT'>, true> = {
  BUCKET_UNSUITABLE: true,
  NOT_OURS: true,
  GAP: true,
  FORK: true,
  KEY_REFUSED: true,
  KEY_REPLACED: true,
  RETENTION_TOO_LONG: true,
  KEY_TAKEN: true,
  LOCK_SHORT: true,
  NOT_KEPT: true,
  TOPIC_RECREATED: true,
};
const OUTCOMES: Record<Outcome | 'repeat', true> = {
  written: true,
  found: true,
  raised: true,
  beside: true,
  repeat: true,
};
const RETRIES = ['S3_ACCESS_DENIED', 'S3_FAILED', 'S3_BAD_ANSWER', 'KAFKA_UNREACHABLE'];

export function createWatch(log: Logger, deployment: string, region: string): Watch {
  const registry = createRegistry();
  // One Prometheus may watch several deployments.
  registry.setDefaultLabels({ deployment, region });
  const registers = [registry];
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name: `authseal_archiver_${name}`, help, registers, labelNames });
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name: `authseal_archiver_${name}`, help, registers, labelNames });

  const batches = counter('batches_total', 'Batches archived, by how.', 'partition', 'outcome');
  const bytes = counter('bytes_total', 'Bytes of objects archived.', 'partition');
  const passedOver = counter('passed_over_total', 'Records that are not ours.', 'partition');
  const retries = counter('retries_total', 'Failures of S3, or at the start, tried again.', 'code');
  const failures = counter('failures_total', 'Kafka failures, tried again.', 'partition');
  const alerts = counter('alerts_total', 'Somebody should look, by code.', 'code');
  // A counter whose first sample is not 0, as after a start, shows no increase to an alert: this does.
  const alertsAt = gauge('alerts_at_seconds', 'When that was last found, by code.', 'code');
  const lag = gauge('lag_records', 'Records not yet archived, markers counted.', 'partition');
  const sealedAt = gauge(
    'sealed_at_seconds',
    'sealedAt of the last one committed; +Inf once the log is closed.',
    'partition',
  );
  const stopped = gauge('stopped', '1 while the partition is stopped.', 'partition', 'code');
  const unreadable = gauge('unreadable', '1 while the next records cannot be read.', 'partition');
  const putSeconds = new Histogram({
    name: 'authseal_archiver_put_seconds',
    help: 'Time until S3 answered a PutObject.',
    registers,
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  });
  const topicFaults = gauge('topic_faults', 'Rules that the batches topic breaks.');
  for (const code of Object.keys(ALERTS)) alerts.inc({ code }, 0);
  for (const code of RETRIES) retries.inc({ code }, 0);
  const troubles = new Map<number, string>();
  const stops = new Map<number, ArchiverError>();

  function unstop(partition: number): void {
    const code = stops.get(partition)?.code;
    if (code !== undefined) stopped.remove({ partition: String(partition), code });
    stops.delete(partition);
    troubles.delete(partition);
  }

  function of(partition: number): PartitionWatch {
    const labels = { partition: String(partition) };
    const child = log.child({ partition });
    for (const own of [bytes, passedOver, failures]) own.inc(labels, 0);
    for (const outcome of Object.keys(OUTCOMES)) batches.inc({ ...labels, outcome }, 0);
    unreadable.set(labels, 0);
    const alert = (err: ArchiverError, fields: object, text: string) => {
      alerts.inc({ code: err.code });
      alertsAt.setToCurrentTime({ code: err.code });
      child.error({ ...fields, err }, text);
    };
    return {
      opened(place) {
        unstop(partition);
        if (place === null) child.info('no place is committed: it is found from the bucket');
        else child.info({ batch: place.batch }, 'partition opened');
      },
      put: (ms) => putSeconds.observe(ms / 1000),
      retry(err, ms) {
        retries.inc({ code: codeOf(err) });
        troubles.set(partition, `partition ${partition}: ${err.message}`);
        child.warn({ err, ms }, 'S3 failed; the batch is tried again');
      },
      alert: (err) => alert(err, {}, 'somebody should look; archiving goes on'),
      passedOver(err, offset) {
        passedOver.inc(labels);
        alert(err, { offset }, 'a record is not ours and was passed over');
      },
      archived({ header, object }, outcome) {
        troubles.delete(partition);
        batches.inc({ ...labels, outcome });
        if (outcome !== 'repeat') bytes.inc(labels, object.length);
        const { batch, count } = header;
        child.debug({ batch, count, bytes: object.length, outcome }, 'batch archived');
      },
      committed({ header }) {
        const isLast = header.heartbeat === null;
        sealedAt.set(labels, isLast ? Number.POSITIVE_INFINITY : header.sealedAt / 1000);
      },
      lag: (records) => lag.set(labels, records),
      failed(err) {
        failures.inc(labels);
        child.warn({ err }, 'Kafka failed; the partition is opened again');
      },
      stopped(err) {
        stops.set(partition, err);
        stopped.set({ ...labels, code: err.code }, 1);
        alert(err, {}, 'the partition is stopped until somebody has looked');
      },
    };
  }

  return {
    registry,
    of,
    forget(partition) {
      const labels = { partition: String(partition) };
      for (const own of [lag, sealedAt, unreadable]) own.remove(labels);
      unstop(partition);
    },
    unreadable: (partition, isUnreadable) =>
      unreadable.set({ partition: String(partition) }, Number(isUnreadable)),
    unreached: (error) => retries.inc({ code: codeOf(error) }),
    topicFaults: (faults) => topicFaults.set(faults),
    readiness(isReady) {
      new Gauge({
        name: 'authseal_archiver_ready',
        help: '1 while /readyz answers 200.',
        registers,
        collect() {
          this.set(Number(isReady()));
        },
      });
    },
    troubles: () => [...troubles.values()],
  };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error ? String(error.code) : error.name;
}
