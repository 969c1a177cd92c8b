import { Writable } from 'node:stream';
import { newLog } from '@authseal/ledger';
import { createLogger } from '@authseal/runtime';
import { describe, expect, it } from 'vitest';
import { IngestorError } from './error.ts';
import { createMetrics } from './metrics.ts';

function observed() {
  const lines: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk, _, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const log = createLogger({ service: 'ingestor', deployment: 'acme', level: 'info' }, sink);
  const metrics = createMetrics(log);
  return { metrics, lines };
}

describe('the metrics of a partition', () => {
  it('stand at 0 from the first look on, with every label that there can be', async () => {
    const { metrics } = observed();
    metrics.observe(3);
    const text = await metrics.registry.metrics();
    for (const sample of [
      'lost_total{partition="3"}',
      'failures_total{partition="3"}',
      'entries_total{partition="3"}',
      'unreadable{partition="3"}',
      'problems_total{partition="3",problem="NULL_VALUE"}',
      'problems_total{partition="3",problem="MALFORMED"}',
      'problems_total{partition="3",problem="UNKNOWN_SCHEMA"}',
      'batches_total{partition="3",why="heartbeat"}',
    ]) {
      expect(text).toContain(`authseal_ingestor_${sample} 0\n`);
    }
  });

  it('name it by number in the log, and say why it waits for a person', async () => {
    const { metrics, lines } = observed();
    const observer = metrics.observe(3);
    observer.opened({ head: newLog('acme/auth-events/3'), last: null, batchOffset: -1, key: '' });
    observer.refused(new IngestorError('LOG_NOT_BEGUN', 'no batch 0'));
    expect(lines.map(({ partition }) => partition)).toEqual([3, 3]);
    expect(await metrics.registry.metrics()).toContain(
      'authseal_ingestor_refused{partition="3",code="LOG_NOT_BEGUN"} 1',
    );
  });

  it('tell whether all is well at the moment of the look', async () => {
    const { metrics } = observed();
    let isReady = false;
    metrics.readiness(() => isReady);
    expect(await metrics.registry.metrics()).toContain('authseal_ingestor_ready 0\n');
    isReady = true;
    expect(await metrics.registry.metrics()).toContain('authseal_ingestor_ready 1\n');
  });
});
