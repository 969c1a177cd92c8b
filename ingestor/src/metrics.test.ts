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
  const metrics = createMetrics(log, 'acme');
  return { metrics, lines };
}

describe('the metrics of a partition', () => {
  it('stand at 0 from the first look on, with every label that there can be', async () => {
    const { metrics } = observed();
    metrics.observe(3);
    const text = await metrics.registry.metrics();
    for (const sample of [
      'lost_total{partition="3",deployment="acme"}',
      'failures_total{partition="3",deployment="acme"}',
      'entries_total{partition="3",deployment="acme"}',
      'unreadable{partition="3",deployment="acme"}',
      'problems_total{partition="3",problem="NULL_VALUE",deployment="acme"}',
      'problems_total{partition="3",problem="MALFORMED",deployment="acme"}',
      'problems_total{partition="3",problem="UNKNOWN_SCHEMA",deployment="acme"}',
      'batches_total{partition="3",why="heartbeat",deployment="acme"}',
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
      'authseal_ingestor_refused{partition="3",code="LOG_NOT_BEGUN",deployment="acme"} 1',
    );
  });

  it('say when what an alert is for was last found, for a counter that begins above 0 shows no increase', async () => {
    const { metrics } = observed();
    const before = Math.floor(Date.now() / 1000);
    metrics.observe(3).lost({ from: 4, to: 9 });
    const text = await metrics.registry.metrics();
    const [, at] =
      /^authseal_ingestor_lost_at_seconds\{partition="3",.*\} (\S+)$/m.exec(text) ?? [];
    expect(Number(at)).toBeGreaterThanOrEqual(before);
    expect(text).toContain('lost_total{partition="3",deployment="acme"} 5\n');
    expect(text).not.toContain('problems_at_seconds{');
  });

  it('expect no later batch of a closed log', async () => {
    const { metrics } = observed();
    metrics.observe(3).closed();
    expect(await metrics.registry.metrics()).toContain(
      'authseal_ingestor_sealed_at_seconds{partition="3",deployment="acme"} +Inf\n',
    );
  });

  it('tell whether all is well at the moment of the look', async () => {
    const { metrics } = observed();
    let isReady = false;
    metrics.readiness(() => isReady);
    expect(await metrics.registry.metrics()).toContain(
      'authseal_ingestor_ready{deployment="acme"} 0\n',
    );
    isReady = true;
    expect(await metrics.registry.metrics()).toContain(
      'authseal_ingestor_ready{deployment="acme"} 1\n',
    );
  });
});
