import { describe, expect, it } from 'vitest';
import { RuntimeError } from './error.ts';
import { kafkaLogCreator } from './kafka-log.ts';
import { createLogger } from './log.ts';

function capture(level = 'info') {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ service: 'ingestor', deployment: 'acme', level }, destination);
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') };
}

describe('the log', () => {
  it('is one JSON object a line with level, time, service and deployment', () => {
    const { log, lines, last } = capture();
    log.info({ partition: 3 }, 'sealed');
    log.debug('unseen');
    expect(lines).toHaveLength(1);
    expect(last()).toMatchObject({
      level: 'info',
      service: 'ingestor',
      deployment: 'acme',
      partition: 3,
      msg: 'sealed',
    });
    expect(new Date(last().time).toISOString()).toBe(last().time);
  });

  it('shows no secret of a configuration', () => {
    const { log, lines } = capture();
    const config = {
      kafkaSasl: { mechanism: 'plain', username: 'u', password: 'hunter2' },
      regions: [{ name: 'r', accessKeyId: 'hunter2', secretAccessKey: 'hunter2' }],
    };
    log.info({ config }, 'starting');
    log.info(config, 'starting');
    log.info({ region: config.regions[0] }, 'starting');
    expect(lines.join('')).not.toContain('hunter2');
    expect(lines.join('')).toContain('"name":"r"');
  });

  it('keeps code, stack and causes of an error and nothing else', () => {
    const { log, lines, last } = capture();
    const cause = Object.assign(new Error('reset'), { code: 'ECONNRESET', request: 'hunter2' });
    log.error({ err: new RuntimeError('S3_FAILED', 'no answer', { cause }) }, 'failed');
    expect(last().err).toMatchObject({
      type: 'RuntimeError',
      code: 'S3_FAILED',
      message: 'no answer',
      stack: expect.stringContaining('log.test.ts'),
      cause: { code: 'ECONNRESET', message: 'reset' },
    });
    expect(lines.join('')).not.toContain('hunter2');
  });

  it('ends a circle of causes', () => {
    const { log, last } = capture();
    const err = new Error('turns');
    err.cause = err;
    log.error({ err }, 'failed');
    expect(last().err.cause.cause.message).toBe('turns');
  });

  it('takes the entries of kafkajs one level lower, for it tries again what it calls an error', () => {
    const { log, lines, last } = capture();
    const write = kafkaLogCreator(log)();
    write({ namespace: 'Connection', level: 1, log: { message: 'timed out', broker: 'a:9092' } });
    expect(last()).toMatchObject({
      level: 'warn',
      kafka: { namespace: 'Connection', broker: 'a:9092' },
      msg: 'timed out',
    });
    write({ namespace: 'Connection', level: 1, log: { message: 'Response EndTxn(key: 26)' } });
    write({ namespace: 'Connection', level: 5, log: { message: 'unseen' } });
    expect(lines).toHaveLength(1);
  });
});
