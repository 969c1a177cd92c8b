import { createLogger, RuntimeError } from '@authseal/runtime';
import { describe, expect, it } from 'vitest';
import { createWatch } from './watch.ts';

const log = createLogger({ service: 'archiver', deployment: 'acme', level: 'silent' });

describe("an archiver's metrics", () => {
  it('stand at 0 from the first look on, before anything is reached', async () => {
    const { registry } = createWatch(log, 'here');
    const text = await registry.metrics();
    for (const code of ['GAP', 'FORK', 'NOT_OURS', 'NOT_KEPT', 'KEY_TAKEN']) {
      expect(text).toContain(`authseal_archiver_alerts_total{code="${code}",region="here"} 0\n`);
    }
    expect(text).toContain('authseal_archiver_retries_total{code="S3_FAILED",region="here"} 0\n');
  });

  it('stand at 0 for a partition from its opening on, whatever may come of its batches', async () => {
    const watch = createWatch(log, 'here');
    watch.of(2);
    const text = await watch.registry.metrics();
    for (const sample of [
      'batches_total{partition="2",outcome="beside",region="here"}',
      'passed_over_total{partition="2",region="here"}',
      'failures_total{partition="2",region="here"}',
      'unreadable{partition="2",region="here"}',
    ]) {
      expect(text).toContain(`authseal_archiver_${sample} 0\n`);
    }
  });

  it('count what fails before there is a partition', async () => {
    const watch = createWatch(log, 'here');
    watch.unreached(new RuntimeError('S3_ACCESS_DENIED', 'refused'));
    expect(await watch.registry.metrics()).toContain(
      'authseal_archiver_retries_total{code="S3_ACCESS_DENIED",region="here"} 1\n',
    );
  });
});
