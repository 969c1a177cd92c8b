import { createLogger, RuntimeError } from '@authseal/runtime';
import { describe, expect, it } from 'vitest';
import { ArchiverError } from './error.ts';
import type { OurBatch } from './our-batch.ts';
import { createWatch } from './watch.ts';

const log = createLogger({ service: 'archiver', deployment: 'acme', level: 'silent' });

describe("an archiver's metrics", () => {
  it('stand at 0 from the first look on, before anything is reached', async () => {
    const { registry } = createWatch(log, 'acme', 'here');
    const text = await registry.metrics();
    for (const code of ['GAP', 'FORK', 'NOT_OURS', 'NOT_KEPT', 'KEY_TAKEN']) {
      expect(text).toContain(
        `authseal_archiver_alerts_total{code="${code}",deployment="acme",region="here"} 0\n`,
      );
    }
    expect(text).toContain(
      'authseal_archiver_retries_total{code="S3_FAILED",deployment="acme",region="here"} 0\n',
    );
  });

  it('stand at 0 for a partition from its opening on, whatever may come of its batches', async () => {
    const watch = createWatch(log, 'acme', 'here');
    watch.of(2);
    const text = await watch.registry.metrics();
    for (const sample of [
      'batches_total{partition="2",outcome="beside",deployment="acme",region="here"}',
      'passed_over_total{partition="2",deployment="acme",region="here"}',
      'failures_total{partition="2",deployment="acme",region="here"}',
      'unreadable{partition="2",deployment="acme",region="here"}',
    ]) {
      expect(text).toContain(`authseal_archiver_${sample} 0\n`);
    }
  });

  it('count what fails before there is a partition', async () => {
    const watch = createWatch(log, 'acme', 'here');
    watch.unreached(new RuntimeError('S3_ACCESS_DENIED', 'refused'));
    expect(await watch.registry.metrics()).toContain(
      'authseal_archiver_retries_total{code="S3_ACCESS_DENIED",deployment="acme",region="here"} 1\n',
    );
  });

  it('say when what an alert is for was last found, for a counter that begins above 0 shows no increase', async () => {
    const watch = createWatch(log, 'acme', 'here');
    expect(await watch.registry.metrics()).not.toContain('alerts_at_seconds{');
    const before = Math.floor(Date.now() / 1000);
    watch.of(2).alert(new ArchiverError('KEY_TAKEN', 'something lay there'));
    const [, at] =
      /^authseal_archiver_alerts_at_seconds\{code="KEY_TAKEN",.*\} (\S+)$/m.exec(
        await watch.registry.metrics(),
      ) ?? [];
    expect(Number(at)).toBeGreaterThanOrEqual(before);
  });

  it('expect no later batch after the one that closes a log', async () => {
    const watch = createWatch(log, 'acme', 'here');
    const batch = (heartbeat: number | null) =>
      ({ header: { sealedAt: 7000, heartbeat } }) as OurBatch;
    watch.of(2).committed(batch(300));
    const sample =
      'authseal_archiver_sealed_at_seconds{partition="2",deployment="acme",region="here"}';
    expect(await watch.registry.metrics()).toContain(`${sample} 7\n`);
    watch.of(2).committed(batch(null));
    expect(await watch.registry.metrics()).toContain(`${sample} +Inf\n`);
  });
});
