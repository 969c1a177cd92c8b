/** What the sealers tell, as logs and Prometheus metrics. */
import { PROBLEMS } from '@authseal/ledger';
import { createRegistry, type Logger } from '@authseal/runtime';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Due } from './seal-batch.ts';
import type { SealerObserver } from './sealer.ts';

export type Metrics = {
  readonly registry: Registry;
  /** The observer of one partition's sealer. */
  observe(partition: number): SealerObserver;
  /** The partition is another's now: what stood of its state is taken back. */
  forget(partition: number): void;
  /** Its next records cannot be read, or can again. */
  unreadable(partition: number, isUnreadable: boolean): void;
  /** So many rules are broken by the topics. */
  topicFaults(faults: number): void;
  /** Asked at each look whether all is well. */
  readiness(isReady: () => boolean): void;
};

/** What a batch may be sealed for, all of them. */
const WHYS: Record<Due, true> = {
  begin: true,
  full: true,
  linger: true,
  heartbeat: true,
  close: true,
};

export function createMetrics(log: Logger, deployment: string): Metrics {
  const registry = createRegistry();
  // One Prometheus may watch several deployments.
  registry.setDefaultLabels({ deployment });
  const registers = [registry];
  const labelNames = ['partition'];
  const counter = (name: string, help: string, more: string[] = []) =>
    new Counter({ name, help, registers, labelNames: [...labelNames, ...more] });
  const gauge = (name: string, help: string, more: string[] = []) =>
    new Gauge({ name, help, registers, labelNames: [...labelNames, ...more] });

  const batches = counter('authseal_ingestor_batches_total', 'Batches sealed, by why.', ['why']);
  const entries = counter('authseal_ingestor_entries_total', 'Records sealed.');
  const bytes = counter('authseal_ingestor_object_bytes_total', 'Bytes of sealed objects.');
  const problems = counter('authseal_ingestor_problems_total', 'Records sealed without an event.', [
    'problem',
  ]);
  const lost = counter('authseal_ingestor_lost_total', 'Offsets dropped by the broker unsealed.');
  // A counter whose first sample is not 0, as after a start, shows no increase to an alert: these do.
  const problemsAt = gauge(
    'authseal_ingestor_problems_at_seconds',
    'When a record was last sealed without an event.',
    ['problem'],
  );
  const lostAt = gauge(
    'authseal_ingestor_lost_at_seconds',
    'When offsets were last found dropped.',
  );
  const failures = counter('authseal_ingestor_failures_total', 'Errors that were tried again.');
  const refused = gauge(
    'authseal_ingestor_refused',
    '1 while the partition waits for a person; the code says why.',
    ['code'],
  );
  const behind = gauge('authseal_ingestor_behind', 'Records not yet sealed, at the last batch.');
  const sealedAt = gauge(
    'authseal_ingestor_sealed_at_seconds',
    'sealedAt of the last batch; +Inf once the log is closed.',
  );
  const unreadable = gauge(
    'authseal_ingestor_unreadable',
    '1 while the next records of the partition cannot be read.',
  );
  const topicFaults = new Gauge({
    name: 'authseal_ingestor_topic_faults',
    help: 'Rules that the topics break.',
    registers,
  });
  const batchSize = new Histogram({
    name: 'authseal_ingestor_batch_entries',
    help: 'Entries of a batch.',
    registers,
    buckets: [0, 1, 10, 100, 1000, 5000, 20_000],
  });

  const refusals = new Map<number, string>();
  const accept = (partition: number): void => {
    const code = refusals.get(partition);
    if (code !== undefined) refused.remove({ partition: String(partition), code });
    refusals.delete(partition);
  };

  return {
    registry,
    forget(partition) {
      accept(partition);
      behind.remove({ partition: String(partition) });
      unreadable.remove({ partition: String(partition) });
    },
    topicFaults: (faults) => topicFaults.set(faults),
    readiness(isReady) {
      new Gauge({
        name: 'authseal_ingestor_ready',
        help: '1 while /readyz answers 200.',
        registers,
        collect() {
          this.set(Number(isReady()));
        },
      });
    },
    unreadable: (partition, isUnreadable) =>
      unreadable.set({ partition: String(partition) }, Number(isUnreadable)),
    observe(partition) {
      const p = { partition: String(partition) };
      const child = log.child({ partition });
      // From the first look on, so that an alert on an increase sees the first one that comes later.
      for (const counter of [entries, bytes, lost, failures]) counter.inc(p, 0);
      for (const why of Object.keys(WHYS)) batches.inc({ ...p, why }, 0);
      for (const problem of PROBLEMS) problems.inc({ ...p, problem }, 0);
      unreadable.set(p, 0);
      return {
        opened({ head }) {
          accept(partition);
          child.info({ batch: head.batch, offset: head.offset }, 'partition opened');
          if (head.retainUntil > head.sealedAt) sealedAt.set(p, head.sealedAt / 1000);
        },
        sealed({ header, object }, why, recordsBehind) {
          batches.inc({ ...p, why });
          entries.inc(p, header.count);
          bytes.inc(p, object.length);
          for (const [problem, n] of Object.entries(header.problems)) {
            problems.inc({ ...p, problem }, n);
            problemsAt.setToCurrentTime({ ...p, problem });
            const at = { batch: header.batch, offsets: header.offsets };
            child.warn({ ...at, problem, n }, 'records sealed without an event');
          }
          behind.set(p, recordsBehind);
          sealedAt.set(p, header.sealedAt / 1000);
          batchSize.observe(header.count);
          const { batch, count } = header;
          child.debug({ batch, count, why, bytes: object.length }, 'batch sealed');
        },
        lost({ from, to }) {
          lost.inc(p, to - from);
          lostAt.setToCurrentTime(p);
          child.error({ from, to }, 'the broker dropped records before they were sealed');
        },
        failed(err) {
          failures.inc(p);
          child.warn({ err }, 'sealing failed; the partition is opened again');
        },
        refused(err) {
          accept(partition);
          refusals.set(partition, err.code);
          refused.set({ ...p, code: err.code }, 1);
          child.error({ err }, 'the partition is not sealed until a person has looked');
        },
        closed() {
          sealedAt.set(p, Number.POSITIVE_INFINITY);
          child.info('the log is closed');
        },
      };
    },
  };
}
